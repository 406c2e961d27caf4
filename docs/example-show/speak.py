#!/usr/bin/env python3
"""Speak the stand-in recordings of the example show.

    python speak.py [01 02 …]

Reads text/NN-name.txt and writes the recording and transcript.vtt into
episodes/NN-name/, then prints loudness, peak and chapter times.

In a text file a line "# Title" starts a chapter, "P: …" is a sentence of the
presenter, "V: …" one of the voice-over; " | " cuts a long one into cues.

Needs espeak-ng, ffmpeg and numpy.
"""

# ruff: noqa: S603, S607 (the programs are the ones found on the PATH)

import re
import subprocess
import sys
import textwrap
import wave
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

HERE = Path(__file__).resolve().parent
EPISODES = HERE.parent.parent / "episodes"
RATE = 22050  # of espeak-ng

#          name            espeak-ng options            left, right when panned
VOICES = {
    "P": ("Presentatie", ["-v", "nl+f2", "-s", "150", "-p", "46"], (1.0, 0.55)),
    "V": ("Voice-over", ["-v", "nl+m3", "-s", "147", "-p", "45"], (0.55, 1.0)),
}

# What espeak-ng would otherwise get wrong.
SAY = {
    "ABN AMRO": "[[a:be:'En 'a:mro:]]",
    "AWVN": "[[a:ve:ve:'En]]",
    "BC group": "[[be:s'e:]] groep",
    "Beschikb@@r": "beschikbaar",
    "ComboEmonomy": "combo emonomie",
    "Emile": "Emiel",
    "Inclusieve": "[[Inklyz'iv@]]",
    "Inclusie": "[[Inkl'yzi]]",
    "KplusV": "ka plus vee",
    "Lahaije": "[[la:h'aj@]]",
    "Novon": "[[n'o:vOn]]",
    "Qidos": "kiedos",
    "Romkes": "[[r'Omk@s]]",
    "Roossien": "Roosien",
    "collegiale in-": "[[kOle:Zi'a:l@]] in",
    "jobcoaching": "[[dZ'Obko:tSIN]]",
    "jobcoach": "[[dZ'Obko:tS]]",
    "rapport": "[[rAp'Ort]]",
}

# Colour of the sound, as ffmpeg filters.
SOFTEN = "highpass=70,equalizer=f=3200:t=q:w=1:g=-3,lowpass=7800"
PUNCH = "compand=attacks=0.03:decays=0.3:points=-80/-80|-24/-24|0/10"
LEVEL = "acompressor=threshold=-24dB:ratio=4:attack=4:release=90:makeup=2"
# Per episode: LUFS (mono counted as dual mono), highest peak in dBFS, seconds of
# silence at head and tail, the voices in the middle or panned, the filters, and
# the file with its ffmpeg options.
OUTPUT = {
    "01": (-27, -3, 3.5, 4, "same", SOFTEN, ".flac", "-ar 48000 -ac 2 -sample_fmt s16"),
    "02": (-20, -1, 0.6, 0.6, "same", SOFTEN, ".wav", "-ar 44100 -ac 1 -c:a pcm_s16le"),
    "03": (-12, -1, 0.6, 1, "panned", SOFTEN + "," + LEVEL, ".mp3", "-ar 44100 -ac 2 -b:a 192k -id3v2_version 3"),
    "04": (-23, -1, 0.8, 1.2, "panned", SOFTEN, ".m4a", "-ar 48000 -ac 2 -c:a aac -b:a 128k"),
    "05": (-17.5, -0.5, 0.6, 1, "same", SOFTEN + "," + PUNCH, ".opus", "-ar 48000 -ac 1 -c:a libopus -b:a 64k"),
}
# The kind of tags a recorder leaves behind, for omroep to drop.
TAGS = {
    "03": {"artist": "ZOOM H5", "comment": "Zoom H5 recorder", "title": "ZOOM0003", "encoded_by": "Zoom H5 recorder"}
}


def speak(text, options, path):
    """One piece of text as samples, without the silence around it."""
    for written in sorted(SAY, key=len, reverse=True):
        text = text.replace(written, SAY[written])
    subprocess.run(["espeak-ng", *options, "-z", "-w", path, text], check=True)
    with wave.open(str(path)) as wav:
        sound = np.frombuffer(wav.readframes(wav.getnframes()), "<i2") / 32768
    loud = np.flatnonzero(abs(sound) > 0.002)
    return sound[loud[0] : loud[-1] + 1]


def read(path):
    """Yields (chapter or None, voice, piece, ends the sentence)."""
    chapter = None
    for line in path.read_text("utf-8").splitlines():
        key, _, rest = line.partition(" ")
        if key == "#":
            chapter = rest
            continue
        pieces = rest.split(" | ")
        for i, piece in enumerate(pieces):
            yield chapter, key[0], piece, i == len(pieces) - 1
            chapter = None


def clock(seconds, hours=True):
    """Seconds as 00:01:02.345, or as 1:02.345."""
    minutes, seconds = divmod(round(seconds, 3), 60)
    if hours:
        return f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{seconds:06.3f}"
    return f"{int(minutes)}:{seconds:06.3f}"


def measure(path):
    """Loudness in LUFS and true peak in dBTP."""
    log = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-i", path, "-af", "ebur128=peak=true:dualmono=true", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    summary = log[log.rindex("Summary:") :]
    return [float(re.search(key + r":\s+(\S+)", summary)[1]) for key in ("I", "Peak")]


def make(source, scratch):
    """One episode: its recording, its transcript and a few lines of report."""
    number = source.name[:2]
    lufs, peak, head, tail, pan, chain, suffix, options = OUTPUT[number]
    folder = EPISODES / source.stem
    folder.mkdir(parents=True, exist_ok=True)
    recording = folder / (source.stem[3:] + suffix)

    parts, cues, chapters, now, last = [], [], [], head, None
    for chapter, voice, piece, ends in read(source):
        name, voice_options, sides = VOICES[voice]
        if last and last != voice:
            parts.append(np.zeros((int(0.12 * RATE), 2)))
            now += len(parts[-1]) / RATE
        if chapter:
            pause = np.ceil(2 * now + 0.7) / 2 - now if last else 0  # on a half second
            parts.append(np.zeros((int(pause * RATE), 2)))
            now += len(parts[-1]) / RATE
            chapters.append((now if last else 0, chapter))
        sound = speak(piece, voice_options, scratch / "piece.wav")
        cues.append((now, now + len(sound) / RATE, name, piece))
        sound = np.append(sound, np.zeros(int((0.45 if ends else 0.12) * RATE)))
        parts.append(np.outer(sound, sides if pan == "panned" else (1, 1)))
        now += len(sound) / RATE
        last = voice
    parts[-1] = parts[-1][: -int(0.45 * RATE)]
    silence = [np.zeros((int(s * RATE), 2)) for s in (head, tail)]
    mix = np.concatenate([silence[0], *parts, silence[1]]) / 2

    tags = [word for tag in TAGS.get(number, {}).items() for word in ("-metadata", "=".join(tag))]
    gain = 0.0
    for _ in range(9):
        graph = (
            f"[0]aresample=48000,{chain},volume={gain:.2f}dB,alimiter=level=0:"
            f"limit={10 ** (peak / 20):.4f}:attack=3:release=60[v];"
            "anoisesrc=r=48000:c=pink:a=0.0006:seed=1,aformat=channel_layouts=stereo[n];"
            "[v][n]amix=duration=first:normalize=0"
        )
        command = f"ffmpeg -hide_banner -loglevel error -y -f f64le -ar {RATE} -ac 2 -i -".split()
        command += ["-filter_complex", graph, *tags, *options.split(), str(recording)]
        subprocess.run(command, input=mix.tobytes(), check=True)
        loudness, top = measure(recording)
        if abs(loudness - lufs) < 0.15:
            break
        gain += lufs - loudness

    vtt = ["WEBVTT", ""]
    for start, end, name, piece in cues:
        lines = textwrap.wrap(f"<v {name}>{piece}", 65)
        if len(lines) > 2:
            sys.exit(f"too long for one cue, cut it with |: {piece}")
        vtt += [f"{clock(start)} --> {clock(end + 0.1)}", *lines, ""]
    (folder / "transcript.vtt").write_text("\n".join(vtt), "utf-8")

    print(f"{recording.name}: {loudness} LUFS, peak {top} dBTP, {len(mix) / RATE:.1f} s")
    for start, title in chapters:
        print(f"  {clock(start, hours=False)} {title}")


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        for source in sorted((HERE / "text").glob("*.txt")):
            if len(sys.argv) == 1 or source.name[:2] in sys.argv[1:]:
                make(source, Path(scratch))

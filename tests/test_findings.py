"""What is noticed in a recording, on recordings with one fault each, and what becomes of it."""

import re
import subprocess
import wave
from dataclasses import replace
from pathlib import Path

import numpy
import pytest

from pipeline import catalog
from pipeline.audio import inspect, leveller, measure, meter
from pipeline.audio.ear import Ear
from pipeline.audio.findings import RULES, advice, findings
from pipeline.audio.spots import Take
from pipeline.audio.truepeak import TruePeak
from pipeline.model import Finding, Mastering
from tests import faulty, records
from tests.docs import ROOT, rows_of_faults, rows_of_rules
from tests.faulty import FAULTS, RATE, Sound
from tests.shows import write_episode, write_show
from tests.test_audio import FFMPEG, decoded, loudness, mastered

NOTICED: dict[str, list[tuple[str, bool, float | None]]] = {
    "clipped": [("clipped", False, 0.0), ("over", True, 0.0), ("offset", True, None)],
    "clipped-earlier": [("clipped", False, 0.0)],
    "over": [("over", True, 9.0)],
    "soft": [("soft", False, None)],
    "soft-guest": [("range", False, None)],
    "noisy": [("noise", False, None)],
    "hum": [("hum", False, 6.0)],
    "hum-60": [("hum", False, 6.0)],
    "offset": [("offset", True, None)],
    "same": [("same", True, None)],
    "left-only": [("one-sided", True, None)],
    "opposed": [("opposed", True, None)],
    "partly-opposed": [("partly-opposed", False, 11.0)],
    "lopsided": [("lopsided", False, None)],
    "dead-air": [("dead-air", False, 9.0)],
    "late": [("ends", False, 0.0)],
    "telephone": [("dull", False, None)],
    "lying": [("claim", True, None)],
}
"""Rule, whether omroep mends it, and where it is: nothing more, and nothing less."""


def noticed(path: Path, **settings: object) -> tuple[Finding, ...]:
    format = inspect.probe(FFMPEG, path, path.name)
    hearing = measure.hear(FFMPEG, measure.as_recorded(path, path.name, format))
    return findings(Take(format=format, hearing=hearing, mastering=Mastering(**settings)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_noticed_and_nothing_else(name: str, tmp_path: Path) -> None:
    """Each recording with one fault gives the findings of that fault, at its moment (a second more or less)."""
    found = noticed(faulty.make(name, tmp_path))
    expected = NOTICED[name]
    assert [(finding.rule, finding.mended) for finding in found] == [(rule, mended) for rule, mended, _ in expected]
    for finding, (_, _, at_s) in zip(found, expected, strict=True):
        assert finding.at_s == (None if at_s is None else pytest.approx(at_s, abs=1.0))


def test_good_speech_has_no_findings(tmp_path: Path) -> None:
    """No false alarm: in one channel, and with two voices that are panned a little."""
    assert noticed(faulty.write(tmp_path / "mono.wav", faulty.speech())) == ()
    one, other = faulty.speech(), faulty.speech(seed=3)[::-1]
    stereo = numpy.hstack([one + 0.6 * other, other + 0.6 * one])
    assert noticed(faulty.write(tmp_path / "stereo.wav", stereo)) == ()


def test_every_rule_has_its_fault() -> None:
    """A row that no recording calls forth is not known to work."""
    assert {rule for each in NOTICED.values() for rule, _, _ in each} == {rule.id for rule in RULES}


@pytest.mark.parametrize(
    ("name", "rule", "settings", "mended"),
    [
        ("late", "ends", {"trim_silence_s": 0.5}, True),
        ("offset", "offset", {"highpass_hz": None}, False),
        ("soft-guest", "range", {"leveller": True}, True),
    ],
)
def test_what_is_mended_depends_on_the_settings(
    name: str, rule: str, settings: dict[str, object], mended: bool, tmp_path: Path
) -> None:
    """What a setting takes care of is not the producer's to mend, and the other way round."""
    (found,) = [each for each in noticed(faulty.make(name, tmp_path), **settings) if each.rule == rule]
    assert found.mended is mended


def test_the_papers_list_the_rules_and_the_faults() -> None:
    """docs/audio.md has every rule with its threshold and source, and what is said of every faulty recording."""
    text = (ROOT / "docs" / "audio.md").read_text("utf-8")
    assert rows_of_rules() in text
    assert rows_of_faults() in text


# --- mended, in the delivered file ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["left-only", "opposed", "same"])
def test_one_channel_reaches_both_ears(name: str, tmp_path: Path) -> None:
    """One-sided, cancelling and doubled channels are delivered as mono at the target, and the voice is there."""
    made = mastered(faulty.make(name, tmp_path), tmp_path / "out.mp3", highpass_hz=None)
    assert made.channels == 1
    assert loudness(tmp_path / "out.mp3") == pytest.approx(-16, abs=0.5)
    heard, _ = decoded(tmp_path / "out.mp3")
    voice = faulty.speech()[:, 0]
    length = min(len(voice), len(heard))
    alike = numpy.corrcoef(voice[RATE : length - RATE], heard[RATE : length - RATE, 0])[0, 1]
    assert alike > 0.97


def test_the_side_that_holds_the_sound_is_delivered(tmp_path: Path) -> None:
    """Of a recording with its voice on the right, it is the right that listeners get."""
    voice = faulty.speech()
    source = faulty.write(tmp_path / "in.wav", numpy.hstack([0.001 * faulty.speech(seed=8), voice]))
    mastered(source, tmp_path / "out.mp3", highpass_hz=None)
    heard, _ = decoded(tmp_path / "out.mp3")
    assert numpy.corrcoef(voice[RATE : 20 * RATE, 0], heard[RATE : 20 * RATE, 0])[0, 1] > 0.97


def test_only_what_the_producer_can_mend_is_advice(tmp_path: Path) -> None:
    """With the recording's name and a way out; what omroep mends by itself is no advice."""
    (episode,) = catalog.load(write_episode(write_show(tmp_path), "01-een").parent.parent).episodes
    noticed = (
        Finding(rule="clipped", told="The sound is clipped.", mended=False, at_s=1.0),
        Finding(rule="same", told="Both channels are the same.", mended=True),
    )
    (problem,) = advice(episode, replace(records.media(episode), findings=noticed))
    assert (problem.what, problem.file, problem.fatal) == ("The sound is clipped.", episode.audio.path, False)
    assert "de-clipper" in problem.mend


def test_a_direct_current_is_gone(tmp_path: Path) -> None:
    """The mean of the delivered file is nothing; with the high-pass off it stays."""
    for highpass, most in ((60.0, 0.0005), (None, 1.0)):
        mastered(faulty.make("offset", tmp_path), tmp_path / "out.mp3", highpass_hz=highpass)
        mean = abs(float(decoded(tmp_path / "out.mp3")[0].mean()))
        assert mean < most
    assert mean > 0.02


def test_the_high_pass_takes_rumble_and_leaves_the_voice(tmp_path: Path) -> None:
    """15 Hz falls by more than 20 dB; 85 Hz, where deep voices begin, by 1; 1 kHz not at all."""
    at = numpy.arange(8 * RATE) / RATE
    tones = {15: 0.1, 85: 0.1, 1000: 0.1}
    sound = sum(level * numpy.sin(2 * numpy.pi * hz * at) for hz, level in tones.items())
    mastered(faulty.write(tmp_path / "in.wav", numpy.asarray(sound)[:, None]), tmp_path / "out.mp3")
    piece = decoded(tmp_path / "out.mp3")[0][RATE : 5 * RATE, 0]
    spectrum = numpy.abs(numpy.fft.rfft(piece * numpy.hanning(len(piece))))
    fifteen, deep, middle = (20 * numpy.log10(spectrum[hz * 4 - 2 : hz * 4 + 3].max()) for hz in tones)
    assert middle - fifteen > 20
    assert middle - deep == pytest.approx(1.0, abs=0.5)


def test_seams_are_not_heard(tmp_path: Path) -> None:
    """A recording with a direct current and a low tone is joined to its outro without a step."""
    from pipeline.audio.master import Recording, master

    at = numpy.arange(8 * RATE)[:, None] / RATE
    low = 0.2 * numpy.sin(2 * numpy.pi * 40 * at) + 0.1 * numpy.sin(2 * numpy.pi * 200 * at) + 0.05
    bumper = faulty.write(tmp_path / "outro.wav", 0.1 * numpy.sin(2 * numpy.pi * 300 * at[: 4 * RATE]))
    master(
        FFMPEG,
        Recording(path=faulty.write(tmp_path / "in.wav", low), name="in.wav"),
        mastering=Mastering(),
        bumpers=(None, Recording(path=bumper, name="outro.wav")),
        target=tmp_path / "out.mp3",
        on_step=lambda what, part: None,
    )
    heard = decoded(tmp_path / "out.mp3")[0][:, 0]
    steps = numpy.abs(numpy.diff(heard))
    seam = slice(round(6.9 * RATE), round(7.1 * RATE))
    assert steps[seam].max() < 1.2 * steps[2 * RATE : 6 * RATE].max()


# --- the leveller -----------------------------------------------------------------------------------------------------


def by_seconds(path: Path, seconds: float) -> list[float]:
    """Loudness of each stretch of `seconds`, by numpy alone."""
    samples, rate = decoded(path)
    each = int(seconds * rate)
    return [
        float(10 * numpy.log10(numpy.mean(samples[start : start + each] ** 2)))
        for start in range(0, len(samples) - each + 1, each)
    ]


def test_a_soft_guest_is_brought_up(tmp_path: Path) -> None:
    """19 dB between two voices become less than 9; off, they stay; the whole is at the target each time."""
    source = faulty.make("soft-guest", tmp_path)
    apart = {}
    for on in (False, True):
        made = mastered(source, tmp_path / "out.mp3", leveller=on)
        host, guest, again = by_seconds(tmp_path / "out.mp3", 8)[:3]
        apart[on] = (host + again) / 2 - guest
        assert loudness(tmp_path / "out.mp3") == pytest.approx(-16, abs=0.5)
        assert ("soft voices were brought up to loud ones" in made.done) is on
    assert apart[False] == pytest.approx(19, abs=1)
    assert apart[True] < 9


def test_one_voice_is_left_as_it_is() -> None:
    """Of an even recording the curve hardly moves, its words and pauses notwithstanding."""
    momentary = [-20.0 + 3 * (place % 7 < 3) - 40 * (place % 40 > 34) for place in range(600)]
    curve = leveller.curve(momentary)
    assert len(curve) == 600
    assert max(curve) - min(curve) < 1.0


def test_noise_in_long_pauses_is_not_brought_up() -> None:
    """Half a minute of a humming room between two voices stays where it is."""
    momentary = [-20.0] * 200 + [-32.0] * 200 + [-55.0] * 300 + [-32.0] * 200 + [-20.0] * 200
    curve = leveller.curve(momentary)
    assert min(curve[250:350]) > 6  # the soft voice before it, and the one behind it
    assert min(curve[750:850]) > 6
    assert max(abs(gain) for gain in curve[450:650]) < 0.5


def test_the_curve_has_bounds() -> None:
    """However soft, no more than 12 dB; however loud, no less than 8; silence gets nothing."""
    curve = leveller.curve([-14.0] * 300 + [-33.0] * 300 + [-14.0] * 300 + [-5.0] * 60)
    assert -leveller.MOST_DOWN_DB <= min(curve) <= max(curve) <= leveller.MOST_UP_DB
    assert leveller.curve([-120.0] * 50) == (0.0,) * 50


def test_a_levelled_recording_keeps_its_length_and_bumpers(tmp_path: Path) -> None:
    """The curve is applied before anything is cut: a trimmed head moves nothing of it."""
    source = faulty.make("late", tmp_path)
    made = mastered(source, tmp_path / "out.mp3", leveller=True, trim_silence_s=0.5)
    assert made.duration_s == pytest.approx(24 - 3.6, abs=0.2)


# --- true peak --------------------------------------------------------------------------------------------------------


def true_peak(sound: Sound) -> float:
    """In dBTP, of sound that arrives a second at a time."""
    ear = Ear(rate_hz=48000, channels=sound.shape[1])
    body = sound.astype("<f4").tobytes()
    second = 48000 * 4 * sound.shape[1]
    for start in range(0, len(body), second):
        ear.hear(body[start : start + second])
    return 20 * float(numpy.log10(ear.heard().true_peak))


@pytest.mark.parametrize(
    ("case", "divisor", "degrees", "level", "expected"),
    [
        ("15", 4, 0.0, 0.50, -6.0),
        ("16", 4, 45.0, 0.50, -6.0),
        ("17", 6, 60.0, 0.50, -6.0),
        ("18", 8, 67.5, 0.50, -6.0),
        ("19", 4, 45.0, 1.41, 3.0),
    ],
)
def test_true_peak_of_ebu_tech_3341(case: str, divisor: int, degrees: float, level: float, expected: float) -> None:
    """Cases 15 to 19: sines whose peaks lie between samples; +0.2 and -0.4 dB are allowed."""
    at = numpy.arange(48000 * 2)
    fade = numpy.minimum(1, numpy.minimum(at, at[::-1]) / 4800)
    sound = level * numpy.sin(2 * numpy.pi * at / divisor + numpy.radians(degrees)) * fade
    assert expected - 0.4 <= true_peak(sound[:, None]) <= expected + 0.2, case


@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_true_peak_of_a_short_wave_between_samples(offset: int) -> None:
    """EBU Tech 3341, cases 20 to 23: one period of a high tone made at four times the rate, and every phase of it."""
    at = numpy.arange(4 * 48000)
    fine = 0.5 * numpy.sin(2 * numpy.pi * at / 24)
    spike = numpy.zeros(len(at))
    spike[96000:96240] = numpy.hanning(240) * numpy.sin(2 * numpy.pi * numpy.arange(240) / 16)
    shifted = numpy.roll(0.2 * fine + 0.8 * spike, offset)
    coarse = shifted[::4]
    assert true_peak(coarse[:, None]) == pytest.approx(20 * numpy.log10(numpy.abs(shifted).max()), abs=0.3)


def test_looking_only_where_it_matters_changes_nothing() -> None:
    """The true peak is that of looking everywhere, for noise of all kinds, however it is cut into blocks."""
    rng = numpy.random.default_rng(11)
    for trial in range(12):
        sound = rng.normal(0, 0.1, 60000) * (1 + 3 * (rng.random(60000) > 0.999))
        sound = numpy.convolve(sound, rng.normal(0, 1, 1 + trial), mode="same").astype(numpy.float32)
        spectrum = numpy.fft.rfft(sound.astype(numpy.float64))
        everywhere = numpy.fft.irfft(numpy.pad(spectrum, (0, 3 * (len(spectrum) - 1))), 4 * 60000) * 4
        followed = TruePeak()
        for piece in numpy.array_split(sound, 1 + 5 * trial):
            followed.hear(piece)
        inner = numpy.abs(everywhere[400:-400]).max()
        assert 20 * numpy.log10(followed.highest(to_the_end=True) / inner) == pytest.approx(0, abs=0.35)


def test_true_peak_agrees_with_another_meter(tmp_path: Path) -> None:
    """Within 0.2 dB of ffmpeg's own true-peak meter, on a file with clipped tops and one that is fine."""
    for name in ("clipped", "over", "same"):
        path = faulty.make(name, tmp_path)
        command: list[str | Path] = [FFMPEG.path, "-hide_banner", "-i", path, "-af", "ebur128=peak=true:framelog=quiet"]
        told = subprocess.run([*command, "-f", "null", "-"], capture_output=True, text=True).stderr
        (theirs,) = re.findall(r"True peak:\s+Peak:\s+(\S+) dBFS", told)
        format = inspect.probe(FFMPEG, path, path.name)
        ours = measure.hear(FFMPEG, measure.as_recorded(path, path.name, format)).levels.peak_dbtp
        assert ours == pytest.approx(float(theirs), abs=0.2)


def test_two_halves_hear_what_one_hears(tmp_path: Path) -> None:
    """Cut in the middle, at full level: the same numbers, and no peak at the cut that is not in the recording."""
    path = faulty.write(tmp_path / "in.wav", numpy.hstack([faulty.speech(), 0.5 * faulty.speech(seed=4)]))
    format = inspect.probe(FFMPEG, path, path.name)
    whole = measure.as_recorded(path, path.name, replace(format, claimed_s=None))
    one, two = (measure.hear(FFMPEG, replace(whole, length_s=length)) for length in (None, measure.HALVED_FROM_S + 1))
    assert two.levels == one.levels  # the second half begins beyond the end: a header that claims too much
    halves = [measure.Stretch(0, 12), measure.Stretch(12, None)]
    readings = [measure._heard(FFMPEG, whole, half, lambda seconds: None) for half in halves]
    assert sum(reading.samples for reading in readings) == one.levels.samples
    metered = [measure._metered(FFMPEG, whole, half, lambda seconds: None) for half in halves]
    assert sum(reading.samples for reading in metered) == one.levels.samples
    joined = [value for reading in readings for value in reading.momentary]
    assert meter.integrated(joined) == pytest.approx(one.levels.loudness_lufs, abs=0.02)
    peaks = max(reading.heard.true_peak for reading in readings if reading.heard)
    assert 20 * numpy.log10(peaks) == pytest.approx(one.levels.peak_dbtp, abs=0.01)


def test_samples_that_are_no_numbers_do_no_harm(tmp_path: Path) -> None:
    """A floating-point recording may hold NaN and infinity: it is measured all the same."""
    ear = Ear(rate_hz=48000, channels=1)
    sound = numpy.full((48000, 1), 0.1, dtype="<f4")
    sound[5], sound[6] = numpy.nan, numpy.inf
    ear.hear(sound.tobytes())
    heard = ear.heard()
    assert numpy.isfinite(heard.left).all()
    assert heard.samples == 48000


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 96000])
def test_ten_tenths_make_a_second_at_every_rate(rate: int) -> None:
    """Or findings would be told later than they are."""
    ear = Ear(rate_hz=rate, channels=1)
    for _ in range(3):
        ear.hear(numpy.full((rate, 1), 0.1, dtype="<f4").tobytes())
    heard = ear.heard()
    assert len(heard.peak) == 30
    assert heard.left == pytest.approx(0.01, rel=1e-4)


def test_wave_reads_what_faulty_writes(tmp_path: Path) -> None:
    """The recordings of these tests are what they say they are."""
    with wave.open(str(faulty.write(tmp_path / "in.wav", faulty.speech()))) as file:
        assert file.getnframes() == faulty.SECONDS * RATE

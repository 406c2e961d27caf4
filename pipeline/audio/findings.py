"""What a listener would notice in a recording, as a table of rules: threshold, its source, what is done about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.audio import spots
from pipeline.audio.balance import Balance
from pipeline.audio.spots import Spot, Take
from pipeline.errors import Problem
from pipeline.model import Episode, Finding, Media


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Something that can be noticed."""

    id: str
    find: Callable[[Take], Iterator[Spot]]
    says: str
    """With the spot's numbers in braces."""
    threshold: str
    """In words, for the papers."""
    source: str
    """Who set the threshold; `industry` where it is custom."""
    does: str
    """What omroep does about it."""
    mended: bool = False
    mend: str = ""
    """What the producer can do."""


def findings(take: Take) -> tuple[Finding, ...]:
    """Everything noticed, in the order of the table."""
    return tuple(
        Finding(
            rule=rule.id,
            told=rule.says.format(**spot.numbers),
            mended=rule.mended if spot.mended is None else spot.mended,
            at_s=None if spot.at_s is None else round(spot.at_s, 1),
        )
        for rule in RULES
        for spot in rule.find(take)
    )


def advice(episode: Episode, media: Media) -> Iterator[Problem]:
    """What was noticed in the recording of an episode and is the producer's to mend."""
    mends = {rule.id: rule.mend for rule in RULES}
    for finding in media.findings:
        if not finding.mended:
            yield Problem(
                what=finding.told,
                file=episode.audio.path,
                mend=mends.get(finding.rule, ""),
                fatal=False,
                rule=f"audio-{finding.rule}",
            )


RULES = (
    Rule(
        id="clipped",
        find=spots.clipped,
        says="The sound is clipped at {times}, first at {at}: its tops are cut off flat, which crackles.",
        threshold="three equal samples at the highest level, at full scale or at three moments",
        source="industry",
        does="tells it: what is gone cannot be put back",
        mend="Record at a lower level, or repair it with a de-clipper before you drop it here.",
    ),
    Rule(
        id="over",
        find=spots.over,
        says="Its true peak is {peak:+.1f} dBTP, over full scale.",
        threshold="true peak above 0 dBTP",
        source="ITU-R BS.1770-4, Annex 2",
        does="limits it under the show's ceiling",
        mended=True,
    ),
    Rule(
        id="soft",
        find=spots.soft,
        says="It is very soft, {loudness:.1f} LUFS: made {gain:.0f} dB louder, its noise becomes louder too.",
        threshold="under -36 LUFS (20 dB under the usual target)",
        source="industry",
        does="makes it louder, and tells it",
        mend="Record closer to the microphone or with more gain.",
    ),
    Rule(
        id="range",
        find=spots.wide,
        says="Soft and loud parts lie {range:.0f} LU apart: in a car or a train the soft ones are lost.",
        threshold="loudness range above 15 LU",
        source="EBU Tech 3342; limit by custom for speech",
        does="levels it where `audio: leveller` is on, else tells it",
        mend="Set `audio: leveller: yes` in show.yaml, or bring the voices closer to each other in an editor.",
    ),
    Rule(
        id="noise",
        find=spots.noise,
        says="Its pauses are noisy: {floor:.0f} dBFS, only {under:.0f} dB under the voices.",
        threshold="pauses (the softest tenth, where it is even) less than 30 dB under the loudness",
        source="industry (audiobook publishers ask for about 40)",
        does="tells it",
        mend="Record in a quieter room, or clean it with a noise reducer.",
    ),
    Rule(
        id="hum",
        find=spots.hum,
        says="There is a hum of {mains} Hz, at {level:.0f} dBFS once it is at the show's level.",
        threshold="mains lines 10 dB above what lies 5 Hz beside them, together above -55 dBFS as delivered",
        source="industry",
        does="weakens what lies under the high-pass, and tells it",
        mend="Use another cable or socket; for this recording, a hum remover in an editor.",
    ),
    Rule(
        id="offset",
        find=spots.offset,
        says="The wave lies {percent:.1f}% beside its middle (DC offset).",
        threshold="mean above 0.5% of full scale",
        source="industry",
        does="takes it out with the high-pass",
        mend="Set `audio: highpass` again, which takes it out.",
    ),
    Rule(
        id="same",
        find=spots.balanced(Balance.SAME),
        says="Both channels are the same.",
        threshold="half their difference never above -60 dBFS",
        source="PSP-1 asks for small files; measured",
        does="delivers one: half the size, the same sound",
        mended=True,
    ),
    Rule(
        id="one-sided",
        find=spots.balanced(Balance.LEFT, Balance.RIGHT),
        says="All sound is in the {side} channel.",
        threshold="the other channel 20 dB softer",
        source="industry",
        does="delivers that channel for both ears",
        mended=True,
    ),
    Rule(
        id="opposed",
        find=spots.balanced(Balance.OPPOSED),
        says="The channels are opposite to each other: added up, as a smart speaker does, nothing is left.",
        threshold="correlation below -0.9",
        source="EBU R 22; industry",
        does="delivers the left channel for both ears",
        mended=True,
    ),
    Rule(
        id="partly-opposed",
        find=spots.partly_opposed,
        says="From {at} for {length:.0f} s the channels cancel each other: on a smart speaker that part is gone.",
        threshold="correlation below -0.5 for 3 s",
        source="EBU R 22; industry",
        does="tells it",
        mend="Turn the polarity of that track around in an editor.",
    ),
    Rule(
        id="lopsided",
        find=spots.lopsided,
        says="The {side} channel is {db:.0f} dB louder than the other.",
        threshold="more than 6 dB",
        source="industry",
        does="tells it: it may be meant",
        mend="Put the voices in the middle, or export in mono.",
    ),
    Rule(
        id="dead-air",
        find=spots.dead_air,
        says="Nothing is heard for {length:.0f} s from {at}{more}: listeners think that it stopped.",
        threshold="5 s or longer, 35 dB under the recording",
        source="industry (radio's silence detectors)",
        does="tells it: it may be meant",
        mend="Cut it out.",
    ),
    Rule(
        id="ends",
        find=spots.silent_ends,
        says="It {where} with {length:.1f} s of silence.",
        threshold="2 s or longer",
        source="industry",
        does="shortens it where `audio: trim_silence` is set, else tells it",
        mend="Set `audio: trim_silence: 0.5` in show.yaml, or cut it.",
    ),
    Rule(
        id="claim",
        find=spots.claims,
        says="Its header claims {claimed}, and {decoded} comes out.",
        threshold="more than 1 s and 1% apart; where less comes out than was promised for certain, it is refused",
        source="measured",
        does="believes what comes out",
        mended=True,
    ),
    Rule(
        id="dull",
        find=spots.dull,
        says="It was recorded at {rate:g} kHz: it sounds as a telephone does.",
        threshold="sample rate under 32 kHz",
        source="Apple-893 (44.1 or 48 kHz)",
        does="tells it",
        mend="Set the recorder, or the meeting's software, to 44.1 or 48 kHz.",
    ),
)
"""In the order in which they are told: what hurts most, first."""

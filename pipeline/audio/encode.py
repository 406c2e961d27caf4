"""From a settled job to an MP3, by one core or by all of them in parts."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from pipeline.audio import chunks, inspect, recipe
from pipeline.audio.ffmpeg import COUNTING, Ffmpeg, FfmpegError, OnTime, counted, run
from pipeline.audio.frames import NotFrames
from pipeline.audio.recipe import Job
from pipeline.errors import AudioError, Problem

OnPart = Callable[[float], None]
"""Called with how far it is, 0 to 1; from several threads."""


def encode(
    ffmpeg: Ffmpeg,
    attempt: Job,
    inputs: Sequence[str],
    target: Path,
    *,
    name: str,
    folder: Path,
    cores: int,
    on_part: OnPart,
) -> None:
    """Write what `attempt` makes of `inputs` (arguments that open files) to `target`, with parts of it in `folder`.

    The bytes are the same for every number of `cores`. AudioError, with `name`, when it cannot be done.
    """
    together = _Together(on_part, attempt.duration_s)
    if not recipe.in_parts(attempt):
        _one(ffmpeg, attempt, inputs, recipe.graph(attempt), target, name=name, on_time=together.of(0))
        return
    for count in (cores, 1):  # where parts should not fit together, one core does it all
        parts = chunks.split(attempt.samples, count)
        files = [folder / f"part-{place}.mp3" for place in range(len(parts))]
        with ThreadPoolExecutor(max_workers=len(parts)) as pool:
            running = [
                pool.submit(
                    _one,
                    ffmpeg,
                    attempt,
                    inputs,
                    recipe.cut(attempt, part),
                    file,
                    name=name,
                    on_time=together.of(place),
                )
                for place, (part, file) in enumerate(zip(parts, files, strict=True))
            ]
        encoded = [each.result() for each in running]
        with suppress(NotFrames):
            chunks.join(parts, files, target, samples=parts[-1].samples[0] + encoded[-1])
            return
    raise inspect.unreadable(name, "its parts do not fit together")


def _one(
    ffmpeg: Ffmpeg, attempt: Job, inputs: Sequence[str], graph: str, target: Path, *, name: str, on_time: OnTime
) -> int:
    """How many samples, in each channel, the encoder was given."""
    output = ["-map", "[out]", *recipe.encoder(attempt), "-y", f"file:{target}"]
    graphed, limit_s = ["-filter_complex", f"{graph}[out]"], inspect.limit_s(attempt.duration_s)
    try:
        log = run(ffmpeg, [*COUNTING, *inputs, *graphed, *output], timeout_s=limit_s, on_time=on_time)
    except FfmpegError as error:
        mend = "If the disk of .omroep (or of OMROEP_CACHE) is full, make room there; else export the recording again."
        raise AudioError(Problem(what=f"Encoding failed: {error}.", file=name, mend=mend)) from error
    return counted(log)


class _Together:
    """How far several encoders are, together."""

    def __init__(self, on_part: OnPart, length_s: float) -> None:
        self.on_part, self.length_s = on_part, length_s
        self.done: dict[int, float] = {}

    def of(self, place: int) -> OnTime:
        """What the encoder at `place` calls."""

        def on_time(seconds: float) -> None:
            self.done[place] = seconds
            self.on_part(min(1.0, sum(self.done.values()) / self.length_s))

        return on_time

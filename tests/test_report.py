"""The report: what its pages tell is what others measure, what they play is the spot, and they need nothing else."""

import base64
import json
import re
import shutil
import wave
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
from lxml import html

from pipeline import catalog, publish, report
from pipeline.audio import account
from pipeline.audio.ear import BASS_HZ, LINES_HZ, Heard
from pipeline.audio.inspect import Format
from pipeline.audio.measure import Hearing, Levels
from pipeline.audio.spots import Take
from pipeline.history import Published
from pipeline.model import Mastering
from pipeline.report import chart, paper
from pipeline.report.sheet import Report
from pipeline.store.memory import MemoryStore
from tests import shell
from tests.shows import write_episode, write_show
from tests.test_audio import decoded, loudness
from tests.test_publish import NOW, published, room

RATE = 44100
HOSTILE = "<script>alert('é')</script> & \"co\""
CRACK_S, CRACK_HZ = 10.0, 3000.0


def voice(seconds: float, *, dbfs: float = -20.0, hz: float = 440.0) -> numpy.ndarray:
    at = numpy.arange(round(seconds * RATE)) / RATE
    return 10 ** (dbfs / 20) * numpy.sin(2 * numpy.pi * hz * at) * (0.6 + 0.4 * numpy.sin(2 * numpy.pi * 4 * at))


def write(folder: Path, samples: numpy.ndarray) -> None:
    with wave.open(str(folder / "audio.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())


def cracked() -> numpy.ndarray:
    """Three seconds of silence, and at 10 s half a second of another tone that is cut off flat at the top."""
    samples = numpy.concatenate([numpy.zeros(3 * RATE), voice(17)])
    start = round(CRACK_S * RATE)
    samples[start : start + RATE // 2] = 3 * voice(0.5, dbfs=0, hz=CRACK_HZ)
    return samples


def omroep(root: Path, *words: str, **environ: str) -> shell.Said:
    return shell.said(root, *words, **{"PATH": "", **environ})


def reported(root: Path, *words: str, **environ: str) -> dict[str, html.HtmlElement]:
    """The pages of a report by their keys, parsed."""
    made = omroep(root, "report", *words, **environ)
    assert made.status == 0, made.stderr
    return pages(root / ".omroep" / "report")


def pages(folder: Path) -> dict[str, html.HtmlElement]:
    return {path.relative_to(folder).as_posix(): html.fromstring(path.read_bytes()) for path in folder.rglob("*.html")}


def words_of(element: html.HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def number(page: html.HtmlElement, row: str) -> tuple[float, float]:
    """A row of the table of numbers: of the recording, and of what listeners get."""
    (cells,) = page.xpath(f"//table[@class='numbers']//tr[th[starts-with(., '{row}')]]")
    before, after = (float(words_of(cell).replace("−", "-")) for cell in cells.xpath("td"))
    return before, after


def heard(page: html.HtmlElement, told: str, folder: Path) -> list[numpy.ndarray]:
    """What the clips of the finding that tells `told` decode to."""
    sounds = []
    for place, player in enumerate(page.xpath(f"//li[contains(., '{told}')]//audio")):
        kind, _, body = player.get("src").partition(";base64,")
        assert kind == "data:audio/mpeg"
        (folder / f"{place}.mp3").write_bytes(base64.b64decode(body, validate=True))
        samples, rate = decoded(folder / f"{place}.mp3")
        assert rate == RATE
        sounds.append(samples[:, 0])
    return sounds


def rises(samples: numpy.ndarray, hz: float) -> float:
    """The second at which a tone of `hz` is first heard."""
    blocks = samples[: len(samples) // 441 * 441].reshape(-1, 441)
    power = numpy.abs(blocks @ numpy.exp(-2j * numpy.pi * hz * numpy.arange(441) / RATE)) / 441
    return float(numpy.flatnonzero(power > power.max() / 3)[0]) / 100


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show of a clean, a cracked and an interrupted recording, published and reported on."""
    root = write_show(tmp_path_factory.mktemp("reported"), title=f"Show {HOSTILE}", audio={"trim_silence": 0.5})
    write(write_episode(root, "01-schoon"), voice(8, dbfs=-26))
    write(write_episode(root, "02-gekraak", title=HOSTILE), cracked())
    stop = numpy.concatenate([voice(6), numpy.zeros(7 * RATE), voice(6)])
    write(write_episode(root, "03-stil", title="Stilte"), stop)
    for command in ("publish", "report"):
        assert omroep(root, command).status == 0
    return root


@pytest.fixture
def root(shown: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(shown, tmp_path / "show"))


# --- what is told -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("slug", "folder"), [("schoon", "01-schoon"), ("gekraak", "02-gekraak"), ("stil", "03-stil")])
def test_numbers_are_those_of_another_meter(slug: str, folder: str, shown: Path, tmp_path: Path) -> None:
    """Loudness before and after within 0.2 LU of pyloudnorm's; the length is what decodes."""
    page = pages(shown / ".omroep" / "report")[f"episodes/{slug}.html"]
    (file,) = (shown / "public" / "audio").glob(f"{slug}.*.mp3")
    before = loudness(Path(shutil.copy(shown / "episodes" / folder / "audio.wav", tmp_path / "before.wav")))
    after = loudness(Path(shutil.copy(file, tmp_path / "after.mp3")))
    assert number(page, "Loudness, LUFS") == pytest.approx((before, after), abs=0.2)
    assert words_of(page.xpath("//p[@class='lead']")[0]).startswith(f"Listeners get it at −{-after:.1f}")


def test_a_click_plays_the_spot(shown: Path, tmp_path: Path) -> None:
    """Eight seconds of both files in which the crackle comes after two, though silence was trimmed from one."""
    page = pages(shown / ".omroep" / "report")["episodes/gekraak.html"]
    before, after = heard(page, "clipped", tmp_path)
    for samples in (before, after):
        assert len(samples) / RATE == pytest.approx(8.0, abs=0.1)
        assert rises(samples, CRACK_HZ) == pytest.approx(2.0, abs=0.1)
    assert "Recording, around 0:10" in words_of(page)
    assert "As listeners get it, around 0:07" in words_of(page)


def test_findings_are_flags_on_the_line_of_time(shown: Path) -> None:
    """Dead air from 6 s of 19 is marked there, its flag leads to its words, and the silence is shaded."""
    page = pages(shown / ".omroep" / "report")["episodes/stil.html"]
    (flag,) = page.xpath("//ol[@class='flags']/li")
    assert float(re.findall(r"left:([\d.]+)%", flag.get("style"))[0]) == pytest.approx(100 * 6 / 19, abs=1)
    (link,) = flag.xpath("a")
    assert "Nothing is heard for 7 s from 0:06" in words_of(page.get_element_by_id(link.get("href").removeprefix("#")))
    (shade,) = page.xpath("//*[local-name()='rect'][@class='hush']")
    part = (float(shade.get("x")) / chart.WIDTH, float(shade.get("width")) / chart.WIDTH)
    assert part == pytest.approx((6 / 19, 7 / 19), abs=0.01)


def test_the_show_lays_its_episodes_side_by_side(shown: Path) -> None:
    """A row for each, and a sentence that says whether they are equally loud."""
    page = pages(shown / ".omroep" / "report")["index.html"]
    assert len(page.xpath("//table/tbody/tr")) == 3
    assert words_of(page.xpath("//p[@class='lead']")[0]).startswith("All 3 episodes are equally loud: within ±0.5 LU")
    assert [link.get("href") for link in page.xpath("//tbody//a")] == [
        "episodes/schoon.html",
        "episodes/gekraak.html",
        "episodes/stil.html",
    ]


def test_an_episode_that_is_louder_is_named(root: Path) -> None:
    """One that was mastered 3 LU louder than the others, with the settings that were the show's then."""
    text = (root / "feed" / "show.yaml").read_text("utf-8")
    assert '"trim_silence": 0.5' in text
    changed = text.replace('"trim_silence": 0.5', '"trim_silence": 0.5, "loudness": -19')
    (root / "feed" / "show.yaml").write_text(changed, "utf-8")
    for folder in ("01-schoon", "02-gekraak"):
        place = root / "episodes" / folder / "episode.md"
        place.write_text(place.read_text("utf-8").replace("title:", "revision: 2\ntitle:", 1), "utf-8")
    assert omroep(root, "publish").status == 0
    made = omroep(root, "report", "--json")
    told = json.loads(made.stdout)
    assert (told["alike"], [row["outdated"] for row in told["episodes"]]) == (False, [False, False, True])
    assert told["episodes"][2]["from_median_lu"] == pytest.approx(3, abs=0.4)
    words = words_of(pages(root / ".omroep" / "report")["index.html"])
    assert re.search(r"Not all 3 episodes are equally loud: .* from −19\.\d LUFS: “Stilte” \+[23]\.\d LU\.", words)
    assert "Mastered with other settings than the show has now: Stilte." in words


def test_the_leveller_is_told_minute_by_minute(tmp_path: Path) -> None:
    """A guest who is 12 dB softer in the second minute comes nearer to the host, and the table says how much."""
    root = write_show(tmp_path, audio={"leveller": True})
    write(write_episode(root, "01-twee"), numpy.concatenate([voice(60, dbfs=-14), voice(60, dbfs=-26)]))
    assert omroep(root, "publish").status == 0
    page = reported(root)["episodes/twee.html"]
    (details,) = page.xpath("//details[@open]")
    rows = [[words_of(cell).replace("−", "-") for cell in row] for row in details.xpath(".//tbody/tr")]
    assert [row[0] for row in rows] == ["0:00", "1:00"]
    before, after = ([float(row[column]) for row in rows] for column in (1, 2))
    assert before[0] - before[1] == pytest.approx(12, abs=0.3)
    assert after[0] - after[1] < 5
    assert [float(row[3]) for row in rows] == pytest.approx([after[0] - before[0], after[1] - before[1]], abs=0.11)


def test_json_tells_the_same_numbers(shown: Path) -> None:
    """For a program: before and after, findings with their moments, and where the page is."""
    told = json.loads(omroep(shown, "report", "--json").stdout)
    page = html.fromstring(Path(told["page"]).read_bytes())
    assert len(page.findall(".//tbody/tr")) == len(told["episodes"]) == 3
    crackle = told["episodes"][1]
    assert [(row["rule"], row["at_s"], row["heard_s"]) for row in crackle["findings"] if row["rule"] == "clipped"] == [
        ("clipped", CRACK_S, CRACK_S - 2.5)
    ]
    assert crackle["delivered"]["codec"] == "mp3"
    assert crackle["recording"]["loudness_lufs"] != crackle["delivered"]["loudness_lufs"]


# --- what a page is ---------------------------------------------------------------------------------------------------


def test_pages_need_nothing_else(shown: Path) -> None:
    """Every address is inside the page or a page of the report; no script; a policy that would forbid the rest."""
    for key, page in pages(shown / ".omroep" / "report").items():
        for address in page.xpath("//@src | //@href | //@srcset | //@poster | //@data | //@action"):
            inside = re.match(r"data:audio/mpeg;base64,|#[\w-]+$", address)
            assert inside or address in {"../index.html"} or re.fullmatch(r"episodes/[a-z]+\.html", address), address
        assert not page.xpath("//script | //link | //@*[starts-with(name(), 'on')]"), key
        style = "".join(page.xpath("//style/text()"))
        assert "url(" not in style
        assert "@import" not in style
        (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; media-src data:;")
        marks = page.xpath("//@id")
        assert len(marks) == len(set(marks)), key


def test_what_producers_write_is_text(shown: Path) -> None:
    """A title that is markup is shown to the letter."""
    report_pages = pages(shown / ".omroep" / "report")
    assert words_of(report_pages["episodes/gekraak.html"].xpath("//h1")[0]) == HOSTILE
    assert words_of(report_pages["index.html"].xpath("//h1")[0]) == f"How Show {HOSTILE} sounds"


def test_numbers_are_written_as_people_write_them(shown: Path) -> None:
    """Real minus signs, a plus for what lies over full scale, and no word of ffmpeg's for what a WAV holds."""
    page = pages(shown / ".omroep" / "report")["episodes/gekraak.html"]
    text = " ".join(page.xpath("//main")[0].text_content().split())
    assert re.findall(r"\s-\d", text) == []
    assert "PCM, 16 bits" in text
    assert (paper.level(0.94, signed=True), paper.level(-2.4, signed=True)) == ("+0.9", "−2.4")


def test_charts_are_told_in_words(shown: Path) -> None:
    """Each drawing has a title, and a description where it has no table beside it."""
    for key, page in pages(shown / ".omroep" / "report").items():
        drawings = page.xpath("//*[local-name()='svg']")
        assert drawings, key
        for drawing in drawings:
            assert drawing.get("role") == "img"
            named = drawing.get("aria-label") or [
                words_of(page.get_element_by_id(name)) for name in drawing.get("aria-labelledby").split()
            ]
            assert all(named)


def test_pages_stay_small_whatever_the_length() -> None:
    """Three hours: each curve has at most 1200 points, all lines take under 100 kB, and every minute is told."""
    tenths = 3 * 3600 * 10
    ones = numpy.full(tenths, 0.01)
    heard = Heard(
        samples=tenths * 4410,
        lines=numpy.zeros((tenths // 10, len(LINES_HZ))),
        bass=numpy.zeros((tenths // 10, len(BASS_HZ) - 1)),
        true_peak=0.5,
        finite=True,
        flat=numpy.zeros(tenths),
        **dict.fromkeys(("peak", "apart", "left", "right", "cross", "mean_left", "mean_right"), ones),
    )
    wobble = -20 + 5 * numpy.sin(numpy.arange(tenths))
    levels = Levels(loudness_lufs=-20, range_lu=5, duration_s=tenths / 10, samples=tenths * 4410, peak_dbtp=-6)
    take = Take(
        format=Format(container="wav", codec="pcm_s16le", channels=2, rate_hz=44100, claimed_s=None),
        hearing=Hearing(levels=levels, momentary=wobble, short_term=wobble, heard=heard),
        mastering=Mastering(),
    )
    told = account.told(take, 0.0)
    assert max(map(len, (told.curves.momentary, told.curves.short_term, told.curves.peak_dbfs))) <= 1200
    assert len(told.minutes) == 180
    tracks = [chart.Track(account=told, side=side) for side in ("before", "after")]
    drawn = (
        chart.loudness(tracks, aim_lufs=-16, within_lu=0.5, spots=[]).lines + chart.peaks(tracks, ceiling_db=-1).lines
    )
    assert sum(len(line.path) for line in drawn) < 100_000


def test_flags_that_would_overlap_stand_above_each_other() -> None:
    """Two findings of one moment can both be tapped."""
    flags = chart._flags(chart._Scale(start_s=0, end_s=100, low=-40, high=0), [(1, 50.0), (2, 51.0), (3, 90.0)])
    assert [(flag.number, flag.lane) for flag in flags] == [(1, 0), (2, 1), (3, 0)]


# --- what it takes ----------------------------------------------------------------------------------------------------


def test_a_second_report_decodes_nothing(root: Path) -> None:
    """What was heard is remembered: the same bytes without an ffmpeg, also with the recordings gone to pointers."""
    before = {path: path.read_bytes() for path in (root / ".omroep" / "report").rglob("*.html")}
    assert len(before) == 4
    shutil.rmtree(root / ".omroep" / "report")
    reported(root, OMROEP_FFMPEG="/nonexistent")
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("harm", [lambda body: body[: len(body) // 2], lambda body: body.replace(b"-", b"", 1)])
def test_a_damaged_memory_is_made_again(harm: Callable[[bytes], bytes], root: Path) -> None:
    """Cut short or with a sign lost: the same report comes out."""
    before = {path: path.read_bytes() for path in (root / ".omroep" / "report").rglob("*.html")}
    notes = [*(root / ".omroep" / "accounts").iterdir()]
    assert len(notes) == 6
    for note in notes:
        note.write_bytes(harm(note.read_bytes()))
    assert omroep(root, "report").stderr.count("listening to the recording") == 3
    assert {path: path.read_bytes() for path in before} == before
    assert omroep(root, "report", OMROEP_FFMPEG="/nonexistent").status == 0


def test_before_the_first_publish_only_the_recordings_are_told(tmp_path: Path) -> None:
    """Nothing is mastered behind the producer's back; once a plan has mastered it, the report tells that too."""
    root = write_show(tmp_path)
    write(write_episode(root, "01-een"), voice(6))
    page = reported(root)["episodes/een.html"]
    assert not list((root / ".omroep").glob("m*"))
    assert "It was not mastered yet" in words_of(page)
    assert len(page.xpath("//*[local-name()='path'][contains(@class, 'momentary')]")) == 1
    assert words_of(pages(root / ".omroep" / "report")["index.html"].xpath("//p[@class='lead']")[0]) == (
        "No episode was mastered yet."
    )
    assert omroep(root, "plan").status == 0
    page = reported(root)["episodes/een.html"]
    assert number(page, "Loudness, LUFS")[1] == pytest.approx(-16, abs=0.3)
    assert words_of(page.xpath("//p[@class='lead']")[0]).startswith("Listeners will get it at")


def test_a_clone_hears_what_the_destination_holds(root: Path, tmp_path: Path) -> None:
    """Pointers in place of recordings and an empty cache: the delivered files are heard where they are published."""
    shutil.rmtree(root / ".omroep")
    pointers(root)
    page = reported(root)["episodes/schoon.html"]
    assert "The recording is not here, only a pointer to it" in words_of(page)
    assert len(page.xpath("//*[local-name()='path'][contains(@class, 'momentary after')]")) == 1


def test_a_bucket_is_not_downloaded(root: Path) -> None:
    """With neither file here the page says so, and tells what was measured when the episode was mastered."""
    store = MemoryStore()
    published(root, store)
    shutil.rmtree(root / ".omroep")
    pointers(root)
    made = gathered(root, publish.published(store))
    (body,) = [page.body for page in paper.compose(made) if "gekraak" in page.key]
    assert isinstance(body, bytes)
    page = html.fromstring(body)
    words = words_of(page)
    assert "The recording is not here" in words
    assert "The delivered file is not on this machine, only at a bucket" in words
    assert "Listeners get it at −1" in words
    assert "The sound is clipped" in words
    assert not page.xpath("//figure | //audio")


def test_a_damaged_delivered_file_is_not_told_of_as_if_it_were_whole(root: Path) -> None:
    """A byte changed in the published file: its episode is named, the status says audio, the others are told."""
    shutil.rmtree(root / ".omroep")
    (file,) = (root / "public" / "audio").glob("schoon.*.mp3")
    body = bytearray(file.read_bytes())
    body[-1000] ^= 1
    file.write_bytes(body)
    made = omroep(root, "report")
    assert made.status == 4
    assert f"audio/{file.name}: This is not the file that it was" in made.stderr
    assert len(pages(root / ".omroep" / "report")) == 4


def test_a_recording_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    """It is named on its page and on standard error."""
    root = write_show(tmp_path)
    write(write_episode(root, "01-een"), voice(6))
    write_episode(root, "02-kapot", audio=b"no sound at all")
    made = omroep(root, "report")
    assert made.status == 4
    assert "episodes/02-kapot/audio.wav: The recording cannot be read" in made.stderr
    found = pages(root / ".omroep" / "report")
    assert "The recording cannot be read" in words_of(found["episodes/kapot.html"])
    assert found["episodes/een.html"].xpath("//figure")


BROKEN = "---\ntitle: [\n---\n"


def test_a_mistake_in_an_episode_stops_no_other(tmp_path: Path) -> None:
    """It is named and has no page, also in JSON; with nothing whole left there is nothing to report."""
    root = write_show(tmp_path)
    write(write_episode(root, "01-een"), voice(6))
    (write_episode(root, "02-kapot") / "episode.md").write_text(BROKEN)
    made = omroep(root, "report")
    assert (made.status, "problem: episodes/02-kapot/episode.md" in made.stderr) == (9, True)
    assert {key for key in pages(root / ".omroep" / "report") if "/" in key} == {"episodes/een.html"}
    told = json.loads(omroep(root, "report", "--json").stdout)
    assert {each["file"] for each in told["problems"]} == {"episodes/02-kapot/episode.md"}
    (root / "episodes/01-een/episode.md").write_text(BROKEN)
    assert omroep(root, "report").status == 3


def test_silence_has_a_report_too(tmp_path: Path) -> None:
    """A track that was never recorded: told as silence, not as a number."""
    root = write_show(tmp_path)
    write(write_episode(root, "01-stil"), numpy.zeros(5 * RATE))
    page = reported(root)["episodes/stil.html"]
    (row,) = page.xpath("//table[@class='numbers']//tr[th[.='Loudness, LUFS']]")
    assert words_of(row.xpath("td")[0]) == "silence"
    assert json.loads(omroep(root, "report", "--json").stdout)["episodes"][0]["recording"]["loudness_lufs"] is None


def test_a_site_is_not_written_over(root: Path) -> None:
    """A report into the folder that listeners get is refused, and nothing there changes."""
    before = (root / "public" / "index.html").read_bytes()
    made = omroep(root, "report", "--to", "public")
    assert (made.status, "holds a published show" in made.stderr) == (6, True)
    assert (root / "public" / "index.html").read_bytes() == before


def pointers(root: Path) -> None:
    """Every recording as git-LFS leaves it in a clone that fetched none."""
    for episode in catalog.load(root).episodes:
        (root / episode.audio.path).write_text(
            "version https://git-lfs.github.com/spec/v1\n"
            f"oid sha256:{episode.audio.sha256}\nsize {episode.audio.size}\n"
        )


def gathered(root: Path, before: Published) -> Report:
    desk = report.Desk(studio=room(root).studio, now=NOW, place="a bucket", find=lambda key: None)
    return report.gather(desk, catalog.load(root), before, lambda title, what, part: None)

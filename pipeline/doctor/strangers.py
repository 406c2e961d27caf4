"""Questions to a bucket and its public address: what may strangers do, and what do listeners get?"""

from pipeline.audit import files
from pipeline.audit.seen import Damage
from pipeline.doctor import Outcome, Probe, broken, ok, weak
from pipeline.doctor.ward import Ward
from pipeline.model import Key
from pipeline.outside import Outside, beneath


def _strangers_list(ward: Ward) -> Outcome:
    own, public = Outside(lambda method, key: ward.bucket.listing(key)), Outside(beneath(ward.base_url))
    for seen in (own.ask("GET", ward.key("")), public.ask("GET", Key(""))):
        if seen.status == 200 and b"<ListBucketResult" in (seen.body or b""):
            return weak("Strangers can list the bucket.")
    return ok("Strangers cannot list the bucket.")


def _strangers_write(ward: Ward) -> Outcome:
    key = ward.key("stranger")
    ward.stranger.ask("PUT", key, body=b"anybody could write this")
    if ward.store.stat(key):
        return broken("DANGER: ANYBODY CAN WRITE TO THE BUCKET.")
    return ok("Strangers cannot write to the bucket.")


def _strangers_delete(ward: Ward) -> Outcome:
    item = ward.object("stay")
    ward.store.put(item)
    ward.stranger.ask("DELETE", item.key)
    if ward.store.stat(item.key) is None:
        return broken("DANGER: ANYBODY CAN REMOVE FILES FROM THE BUCKET.")
    return ok("Strangers cannot remove files from the bucket.")


_ABSENT = frozenset(rule.id for rule in (*files.PRESENCE, *files.CONTENTS))
_CORS = frozenset({"cors", "cors-advised"})


def _shown(ward: Ward) -> Outcome:
    absent = [damage for damage in ward.damages if damage.rule in _ABSENT]
    if not absent:
        return ok(f"{ward.base_url} shows this bucket.")
    direct = ward.stranger.get(absent[0].key, size=0).status == 200
    can = "strangers may read the bucket itself" if direct else "strangers may not read the bucket itself either"
    mend = "Let `base_url` lead to this bucket and prefix." if direct else ""
    return broken(f"{ward.base_url} does not show this bucket: {absent[0].told}; {can}.", mend)


def _served(ward: Ward) -> Outcome:
    found = [damage for damage in ward.damages if damage.rule not in _ABSENT | _CORS]
    return _judged(found, "Files come with their types and caching, answer HEAD, and can be asked for in part.")


def _cors(ward: Ward) -> Outcome:
    return _judged([damage for damage in ward.damages if damage.rule in _CORS], "Players on other web sites may read.")


def _judged(found: list[Damage], well: str) -> Outcome:
    if not found:
        return ok(well)
    told = "; ".join(dict.fromkeys(f"{damage.key.rpartition('/')[2]}: {damage.told}" for damage in found))
    mend = " ".join(dict.fromkeys(damage.mend for damage in found))
    return (broken if any(damage.fatal for damage in found) else weak)(f"{told}.", mend)


PROBES: tuple[Probe[Ward], ...] = (
    Probe(
        id="strangers-list",
        question="Is the list of files hidden from strangers?",
        means="Whoever lists the bucket sees every file, also audio whose episode is not yet in the feed.",
        mend="Allow strangers s3:GetObject only, not s3:ListBucket.",
        ask=_strangers_list,
    ),
    Probe(
        id="strangers-write",
        question="Are strangers kept from writing?",
        means="Anybody can put their own sound, pages and feed in place of yours, today.",
        mend="Take s3:PutObject away from everybody but the publisher NOW, then run omroep verify.",
        ask=_strangers_write,
    ),
    Probe(
        id="strangers-delete",
        question="Are strangers kept from removing files?",
        means="Anybody can take the show down, today.",
        mend="Take s3:DeleteObject away from everybody but the publisher NOW, then run omroep verify.",
        ask=_strangers_delete,
    ),
    Probe(
        id="shown",
        question="Does base_url show this bucket to listeners?",
        means="Listeners get nothing of what is published here.",
        mend="Give everybody the right to read (s3:GetObject), or put a CDN in front that may, and let `base_url` lead "
        "to this bucket and prefix.",
        ask=_shown,
        gate=True,
    ),
    Probe(
        id="served",
        question="Does base_url hand files out as apps need them?",
        means="Apps may not take files for what they are, cannot skip, or keep an old feed.",
        mend="Mend the settings of the bucket, web server or CDN.",
        ask=_served,
    ),
    Probe(
        id="cors",
        question="May players on other web sites read chapters, transcripts, audio and feed?",
        means="Players in a web page show no chapters and no transcript.",
        mend="Have Access-Control-Allow-Origin: * sent.",
        ask=_cors,
    ),
)
"""In the order in which they are asked."""

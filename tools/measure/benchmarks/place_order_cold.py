"""Cold start: importing the place-order handler in a fresh process, beside the usual way.

Measured inside the process, from before the handler's import until it is imported and its client
exists (ours is made on first use, so the probe makes it). The interpreter's own start, the same for
both, is left out. Ours is the package that is deployed, unpacked; the peer is
``baseline/place_order.py`` with its libraries, in each form that a package can have: see
``peers.Form``. The claim is about the first form, what following the manuals leads to; the others
show how much of the difference is the byte code, and what is left to a peer that does all it can.
"""

from tools.measure import peers
from tools.measure.benchmarks.claims import Limit, Result, absolute, at_most, ratio
from tools.measure.benchmarks.fresh_process import in_turns
from tools.measure.peers import Form


def measure(*, quick: bool) -> list[Result]:
    """Import, client included, beside each form of the peer, and the time to the first answer."""
    found = in_turns(
        3 if quick else 15,
        "place_order",
        {"ours": [peers.our_package("orders")]}
        | {form.value: [peers.peer_package(form)] for form in Form},
        *("0", "0"),
    )

    def beside(
        claim: str, form: Form, figure: str = "import_ms", limit: Limit | None = None
    ) -> Result:
        ours, theirs = found["ours"], found[form.value]
        return ratio(
            claim,
            [measured[figure] for measured in ours],
            [measured[figure] for measured in theirs],
            limit,
            both_in="ms",
        )

    return [
        beside(
            "place-order handler: import as deployed, beside the usual way",
            Form.AS_INSTALLED,
            limit=at_most(0.25, aim=0.18),
        ),
        beside("... if the peer leaves boto3 to the runtime", Form.WITHOUT_SDK),
        beside("... and compiles its byte code as we do", Form.COMPILED),
        beside("first order answered, cold", Form.AS_INSTALLED, "first_answer_ms"),
        absolute(
            "place-order handler: import, client included",
            [measured["import_ms"] for measured in found["ours"]],
            "ms",
        ),
    ]

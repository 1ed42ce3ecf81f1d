"""What a record of a run has to look like, before anything is made of it."""

from __future__ import annotations

from deploy.files.shapes import anything, flag, items, maybe, number, real, table, text, whole

MOST_STEPS = 10**9  # of a run
MOST_NEURONS = 10**8  # of a probe; more than any machine of Loihi's has
MOST = 2**62  # of a count

COUNT, TEXTS, ANYTHING = whole(0, MOST), table({}, others=text), table({}, others=anything)
SETTINGS = table(
    {},
    {"model": text, "variant": maybe(ANYTHING), "neurons kept": items(anything)},
    others=anything,
)
USED = table({"used": COUNT, "limit": whole(1, MOST)})
# what a target says of a run, where a page or a verdict asks for it
SAID = table(
    {},
    {
        "cores": items(
            table(
                {"block": text, "chip": COUNT, "core": COUNT, "compartments": USED,
                 "in-axons": USED, "out-axons": USED, "synapses": USED}
            )
        ),
        "learning rates": items(
            table(
                {"connection": text, "asked": real, "factor": real, "error_scale": real,
                 "increment": real, "shift": real, "decoder_step": real,
                 "effective": real},
                others=anything,
            )
        ),
        "saturation": items(table({"what": text, "count": COUNT, "of": whole(1, MOST)})),
        "spikes": COUNT,
        "work": table(
            {"steps": COUNT, "compartments": COUNT, "spikes": COUNT, "deliveries": COUNT,
             "synaptic_operations": COUNT, "energy": number, "energy source": text}
        ),
        "off chip": items(text),
        "host only": text,
        "partial": table({"steps": COUNT, "of": COUNT}, others=anything),
        "silicon": table({}, others=anything),
    },
    others=anything,
)  # fmt: skip
CHANGE = table({name: text for name in ("object", "rule", "before", "after", "why")}, others=text)
PROBLEM = table({name: text for name in ("object", "what", "way_out")}, others=text)
LEARNED = table(
    {"connection": text, "rule": text, "adapts": text, "shape": items(COUNT), "theta": flag,
     "neurons": text},
    others=anything,
)  # fmt: skip
TRACE = table(
    {"label": text, "kind": text, "period": number, "n_neurons": whole(0, MOST_NEURONS),
     "amplitude": number, "radius": number, "ideal": maybe(text), "instrument": flag},
    {"dynamics": text, "seen_through": number, "unit": text},
    others=anything,
)  # fmt: skip
RUN = table(
    {"model": text, "target": text, "substrate": text, "seed": whole(0, 2**31 - 1), "dt": number,
     "n_steps": whole(1, MOST_STEPS), "fingerprint": text, "created": text, "versions": TEXTS,
     "settings": SETTINGS, "changes": items(CHANGE), "problems": items(PROBLEM),
     "warnings": items(text), "traces": items(TRACE)},
    {"record": SAID, "learned": items(LEARNED)},
    others=anything,
)  # fmt: skip

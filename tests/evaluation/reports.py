"""Reports to try the page with: small, made of random numbers, with names that try to break out."""

from typing import Any

import numpy as np

from chainrule.data.copies import CopySet
from chainrule.data.dataset import Skipped
from chainrule.data.pictures import PictureSettings
from chainrule.evaluation.metrics import evaluate
from chainrule.evaluation.report import Report

HOSTILE = "<script>alert('x')</script> \"&amp; 犬\udcff\u202e.png"


def history(epochs: int, *, validation: bool = True) -> list[dict[str, float | None]]:
    return [
        {
            "epoch": epoch,
            "cost": 0.7 / epoch,
            "accuracy": 1 - 0.4 / epoch,
            "validation_cost": 0.5 + 0.2 / epoch if validation else None,
            "validation_accuracy": 0.6 if validation else None,
            "learning_rate": 0.01,
            "seconds": 0.5,
        }
        for epoch in range(1, epochs + 1)
    ]


def report(k: int = 2, *, m: int = 60, pictures: bool = True, size: int = 8, **changes: Any) -> Report:
    random = np.random.default_rng(k)
    classes = (HOSTILE, *(f"class {i}" for i in range(1, k)))
    settings = PictureSettings(size=size) if pictures else None
    n = settings.features if settings else 9
    pixels = random.integers(0, 256, (m, n), np.uint8)
    y = np.arange(m) % k
    chances = random.dirichlet(np.ones(k), m)
    fields: dict[str, Any] = {
        "title": f"{HOSTILE} or not?",
        "evaluation": evaluate(y, chances, classes=classes),
        "baselines": (("one neuron", evaluate(y, chances, classes=classes)), ("most frequent class", 1 / k)),
        "history": history(12),
        "best_epoch": 7,
        "classes": classes,
        "y_test": y,
        "probabilities": chances,
        "paths": tuple(f"folder/{i} {HOSTILE}" for i in range(m)),
        "X_test": pixels if pictures else random.normal(size=(m, n)),
        "pictures": settings,
        "first_layer": random.normal(size=(n, 40)),
        "skipped": (Skipped(f"folder/{HOSTILE}", f"not a picture: {HOSTILE}"),),
        "copies": (CopySet((f"folder/{HOSTILE}", "b.png"), (HOSTILE, "class 1"), are_same=False),),
        "augmented": None,
        "range_test": None,
        "advice": (("Suspicious labels", f"1 of 60 pictures may be labelled wrongly: {HOSTILE}"),),
        "settings": {"layers": (40,), "name": HOSTILE, "schedule": {"type": HOSTILE}},
        "command": f"chainrule train '{HOSTILE}'",
        "predict_command": f"chainrule predict model.safetensors '{HOSTILE}'",
        "notes": (f"The pictures are {HOSTILE}.",),
        "counts": dict.fromkeys(classes, (100, 20, m // k)),
    }
    return Report(**{**fields, **changes})

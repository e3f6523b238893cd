"""Write the built-in sample: a folder of drawn pictures, half of them dogs.

The two classes differ in what is drawn and in nothing else: place, colours, light on dark or dark on light,
background, clutter, grain and the quality of the JPEG files come from the same distributions, and the things
cover about as much of the picture as the dogs do. So neither the mean colour nor the size of a file tells a dog,
and because a dog is as often darker as lighter than what is behind it, one neuron cannot tell it either.
"""

import io
import os
import shutil
from pathlib import Path
from random import Random

from PIL import Image

from chainrule.errors import UserError
from chainrule.progress import track
from chainrule.sample.cats import CATS
from chainrule.sample.dogs import DOGS
from chainrule.sample.drawing import Drawing, Paint, Pen, Place
from chainrule.sample.scenes import backdrop
from chainrule.sample.things import THINGS

KINDS: dict[str, tuple[Drawing, ...]] = {"dog": DOGS, "not_dog": (*CATS, *THINGS)}
CLASSES = tuple(KINDS)

# Pictures are drawn this many times larger and then reduced, which makes their edges smooth.
OVERSAMPLING = 3


def write_sample(
    folder: str | os.PathLike[str],
    *,
    count: int = 2000,
    size: int = 64,
    seed: int = 0,
    progress: bool | None = None,
) -> None:
    """Draw pictures of dogs and of other things into the class folders `dog` and `not_dog`.

    Picture k depends on the seed, the size and k alone: a larger sample begins with the pictures of a smaller one.

    Args:
        folder: a new or empty folder.
        count: how many pictures; every second one is a dog.
        size: width and height of a picture, in pixels.
        seed: another seed draws other pictures.
        progress: whether to show a progress bar; None shows it when stderr is a terminal.

    Raises:
        UserError: the folder has something in it or is a file, or a number is too small.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_sample(folder, count=4)
    ...     sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*.jpg"))
    ['dog/00000.jpg', 'dog/00002.jpg', 'not_dog/00001.jpg', 'not_dog/00003.jpg']
    """
    _check(count, size)
    target = _empty_folder(Path(folder))
    try:
        for label in CLASSES:
            (target / label).mkdir()
        for index in track(range(count), label="Drawing pictures", enabled=progress):
            path = target / CLASSES[index % 2] / f"{index:05d}.jpg"
            path.write_bytes(picture(index, size=size, seed=seed))
    except BaseException:
        # Half a sample would look like a whole one. The folder was empty, so all of this is ours to remove.
        for label in CLASSES:
            shutil.rmtree(target / label, ignore_errors=True)
        raise


def picture(index: int, *, size: int = 64, seed: int = 0) -> bytes:
    """Return picture number `index` of a sample as a JPEG file: a dog if the number is even.

    >>> picture(0)[:3].hex()
    'ffd8ff'
    """
    rng = Random(f"chainrule sample {seed} {index}")
    image = _grainy(rng, _scene(rng, KINDS[CLASSES[index % 2]], size))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=rng.randint(65, 95))
    return data.getvalue()


def _scene(rng: Random, drawings: tuple[Drawing, ...], size: int) -> Image.Image:
    """Draw one of the things, light on dark or dark on light."""
    is_light = rng.random() < 0.5
    image = backdrop(rng, side=size * OVERSAMPLING, is_light=not is_light)
    drawing = rng.choice(drawings)
    drawing(Pen(image, Place.random(rng)), rng, Paint.random(rng, is_light=is_light))
    return image.reduce(OVERSAMPLING)


def _grainy(rng: Random, image: Image.Image) -> Image.Image:
    """Add a random amount of grain, as a camera does in poor light."""
    grain = Image.frombytes("RGB", image.size, rng.randbytes(3 * image.width * image.height))
    return Image.blend(image, grain, rng.uniform(0.0, 0.08))


def _check(count: int, size: int) -> None:
    if count < 2:
        raise UserError(f"count is {count}, but a sample needs at least 2 pictures, one of each class.")
    if size < 16:
        raise UserError(f"size is {size}, but pictures of fewer than 16 x 16 pixels show nothing; use 64.")


def _empty_folder(folder: Path) -> Path:
    """Make the folder, or accept it if it is empty."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file, but the sample needs a folder: give the name of a new one.")
    if folder.exists() and any(folder.iterdir()):
        raise UserError(
            f"{folder} has something in it, and the sample never overwrites: give a new or empty folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder

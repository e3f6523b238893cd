"""Small pictures inside a page: rows of pixels and weights as images in data addresses."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Up to this side lossless pictures are small, and blurred digits would be a pity; above, JPEG is a fifth.
_LOSSLESS_SIDE = 32
_LARGEST_SIDE = 128
_RED, _WHITE, _BLUE = np.array([178, 24, 43]), np.array([247, 247, 247]), np.array([33, 102, 172])


def data_address(pixels: NDArray[np.uint8]) -> str:
    """Return a picture as a `data:` address.

    Args:
        pixels: (height, width, 1 or 3) grey or red, green, blue.

    >>> import numpy as np
    >>> data_address(np.zeros((8, 8, 3), np.uint8))[:22]
    'data:image/png;base64,'
    """
    from PIL import Image

    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    buffer = io.BytesIO()
    if max(pixels.shape[:2]) <= _LOSSLESS_SIDE:
        kind = "png"
        image.save(buffer, "PNG", optimize=True)
    else:
        kind = "jpeg"
        image.save(buffer, "JPEG", quality=88, optimize=True)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def picture_of_weights(weights: NDArray[Any], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return the weights of one neuron as a picture, zero in the middle and the largest at full strength.

    One channel runs from blue (negative) over white to red (positive). Three channels stay red, green and
    blue around mid-grey: a spot is reddish where red light raises the neuron's sum.

    Args:
        weights: (height * width * channels,) weights.
        shape: (height, width, channels).

    Returns:
        (height, width, 3) picture.

    >>> import numpy as np
    >>> picture_of_weights(np.array([0.0, 1.0, -1.0]), (1, 1, 3)).tolist()
    [[[128, 255, 0]]]
    """
    largest = float(np.abs(weights).max(initial=0.0))
    scaled = np.asarray(weights, np.float64).reshape(shape) / (largest if 0 < largest < np.inf else 1.0)
    if shape[2] == 3:
        picture = 127.5 + 127.5 * scaled
    else:
        towards = np.where(scaled >= 0, _RED, _BLUE)
        picture = _WHITE + np.abs(scaled) * (towards - _WHITE)
    rounded: NDArray[np.uint8] = np.round(picture).astype(np.uint8)
    return rounded

"""What lies around the opening, kept as codes in the same array as the opening's mask.

A network that must also name the folds and the pits learns why they are not the opening. The codes travel with the
mask through every crop and flip; 255 stays the opening and `IGNORE` what nobody knows about it.
"""

from __future__ import annotations

import numpy as np

from ..augment import IGNORE

UNKNOWN, FOLD, SUPRAGLOTTIC, EPIGLOTTIS, PIT = 0, 1, 2, 3, 4
# Nothing of the kinds above; and the same from who never draws pits apart.
BARE, BARE_BUT_FOR_PITS = 5, 6
STRUCTURES = (FOLD, SUPRAGLOTTIC, EPIGLOTTIS, PIT)

# From the label maps of each source to codes; what a source does not tell apart stays unknown.
SCHEMES = {
    "phantom": {0: BARE_BUT_FOR_PITS, 2: FOLD, 3: FOLD, 4: SUPRAGLOTTIC, 5: EPIGLOTTIS},
    "sketch": {0: BARE, FOLD: FOLD, SUPRAGLOTTIC: SUPRAGLOTTIC, EPIGLOTTIS: EPIGLOTTIS, PIT: PIT},
    "vocalfolds": {1: FOLD},
}


def coded(mask: np.ndarray, labels: np.ndarray, scheme: str) -> np.ndarray:
    """`mask` with the codes of `labels` wherever it is 0; both (height, width) uint8."""
    table = np.zeros(256, np.uint8)
    for label, code in SCHEMES[scheme].items():
        table[label] = code
    return np.where(mask == 0, table[labels], mask)


def is_opening(mask: np.ndarray) -> np.ndarray:
    """Where the opening is or may be, whatever codes the rest carries."""
    return (mask == 255) | (mask == IGNORE)

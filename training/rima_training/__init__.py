"""The training kit of Rima. Research use only, not a medical device."""

__version__ = "0.1.0"

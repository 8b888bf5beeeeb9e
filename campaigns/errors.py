"""The error of the campaigns."""


class CampaignError(Exception):
    """A campaign cannot be run, or was interrupted; the text gives the reason and the remedy."""

"""All channels. Another one is a file beside this one, and a line here."""

from notifications.channels import fcm, mail, webpush
from notifications.channels.channel import ChannelKind

CHANNELS: tuple[ChannelKind, ...] = (
    fcm.CHANNEL,
    webpush.CHANNEL,
    mail.CHANNEL,
)

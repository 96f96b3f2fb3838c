"""Railway's list prices, in US dollars.

Owns the one table of them, for the provider, settings and commands. Read on 2026-11-29 at
https://docs.railway.com/pricing/plans (subscriptions, memory, CPU, egress, volumes),
https://docs.railway.com/volumes/backups (backups cost what volumes cost, for what differs between them) and
https://docs.railway.com/pricing/understanding-your-bill (a subscription is a minimum that usage is counted against).
"""

from __future__ import annotations

from typing import Final

from railway_api.plans import Plan

HOURS_PER_MONTH: Final = 30 * 24
"""Railway counts 30 days."""
MEMORY_USD_PER_GB_MONTH: Final = 10.0
CPU_USD_PER_VCPU_MONTH: Final = 20.0
VOLUME_USD_PER_GB_MONTH: Final = 0.15
"""Of what is stored on it, not of its size."""
BACKUP_USD_PER_GB_MONTH: Final = 0.15
EGRESS_USD_PER_GB: Final = 0.05
BUCKET_USD_PER_GB_MONTH: Final = 0.015
"""Of what is stored; what is read costs nothing (https://docs.railway.com/storage-buckets/billing)."""
SUBSCRIPTION_USD: Final = {Plan.FREE: 0.0, Plan.TRIAL: 0.0, Plan.HOBBY: 5.0, Plan.PRO: 20.0, Plan.ENTERPRISE: 20.0}
"""Price of a workspace a month, which includes usage of the same worth; Enterprise agrees on its own, no less."""

_MINUTES_PER_MONTH: Final = HOURS_PER_MONTH * 60
USD_PER_UNIT: Final = {
    "CPU_USAGE": CPU_USD_PER_VCPU_MONTH / _MINUTES_PER_MONTH,
    "MEMORY_USAGE_GB": MEMORY_USD_PER_GB_MONTH / _MINUTES_PER_MONTH,
    "DISK_USAGE_GB": VOLUME_USD_PER_GB_MONTH / _MINUTES_PER_MONTH,
    "BACKUP_USAGE_GB": BACKUP_USD_PER_GB_MONTH / _MINUTES_PER_MONTH,
    "NETWORK_TX_GB": EGRESS_USD_PER_GB,
}
"""Price of one unit of each of Railway's measurements: a minute of one vCPU or GB, and for the network one GB."""
DEFAULT_VOLUME_GB: Final = {Plan.FREE: 0.5, Plan.TRIAL: 0.5, Plan.HOBBY: 5.0, Plan.PRO: 50.0, Plan.ENTERPRISE: 50.0}
"""Size of a volume for which none is given (https://docs.railway.com/volumes/reference)."""
BACKUPS_KEPT: Final = {"daily": 6, "weekly": 4, "monthly": 3}
"""Backups of each schedule that exist at one time (https://docs.railway.com/volumes/backups)."""

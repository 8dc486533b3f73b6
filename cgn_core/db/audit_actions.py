"""What the audit log tells of, and of what; stored as text, so a value once written is never renamed."""

from __future__ import annotations

from enum import StrEnum


class AuditAction(StrEnum):
    """What somebody did, or tried to."""

    AGENCY_CREATED = "agency_created"
    SETTINGS_CHANGED = "settings_changed"

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    """A wrong password or a wrong second factor of a known account; unknown addresses leave no line."""
    SIGN_IN_LOCKED = "sign_in_locked"
    """The failure that locked the account."""
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - an action's name
    PASSWORD_RESET = "password_reset"  # noqa: S105 - an action's name
    RESET_LINK_MADE = "reset_link_made"
    """For a member who forgot their password."""
    SECOND_FACTOR_SET = "second_factor_set"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"

    USER_CREATED = "user_created"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    USER_REMOVED = "user_removed"
    """No member any more; what they made stays, and it can be undone."""
    USER_RESTORED = "user_restored"
    USER_DELETED = "user_deleted"
    USER_EXPORTED = "user_exported"
    ROLE_CHANGED = "role_changed"
    INVITATION_MADE = "invitation_made"
    INVITATION_RENEWED = "invitation_renewed"
    """A new link was handed out, and earlier ones ended."""
    INVITATION_REVOKED = "invitation_revoked"
    INVITATION_RESTORED = "invitation_restored"
    INVITATION_ACCEPTED = "invitation_accepted"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    TOKEN_MADE = "token_made"  # noqa: S105 - an action's name
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - an action's name

    WORKSPACE_CREATED = "workspace_created"
    WORKSPACE_CHANGED = "workspace_changed"
    WORKSPACE_RESTRICTED = "workspace_restricted"
    WORKSPACE_OPENED = "workspace_opened"
    """No longer restricted to its members."""
    WORKSPACE_DELETED = "workspace_deleted"

    GENERATED = "generated"
    IMPORTED = "imported"
    IMPORT_UNDONE = "import_undone"
    """Another version of the data was gone back to."""
    DATA_REPAIRED = "data_repaired"
    COMPETITOR_ADDED = "competitor_added"
    """Or its numbers were brought up to date."""
    COMPETITOR_REMOVED = "competitor_removed"
    TRAINED = "trained"
    PROMOTED = "promoted"
    """A model came into force, by hand or by a training; a roll back too, which puts an older one in force."""

    EXPORTED = "exported"
    DOWNLOADED = "downloaded"
    REPORT_MADE = "report_made"
    FILE_DELETED = "file_deleted"
    MAILED = "mailed"

    SCHEDULE_ADDED = "schedule_added"
    SCHEDULE_CHANGED = "schedule_changed"
    SCHEDULE_REMOVED = "schedule_removed"
    SCHEDULE_RESTORED = "schedule_restored"
    RETENTION_APPLIED = "retention_applied"


class ActorKind(StrEnum):
    """Who did it."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 - a kind's name
    SYSTEM = "system"
    """A job, the reconciler, the command line, or somebody who isn't signed in."""


class SubjectKind(StrEnum):
    """What it was done to."""

    AGENCY = "agency"
    USER = "user"
    INVITATION = "invitation"
    TOKEN = "token"  # noqa: S105 - a kind's name
    WORKSPACE = "workspace"
    MODEL_VERSION = "model_version"
    COMPETITOR = "competitor"
    FILE = "file"
    JOB = "job"
    SCHEDULE = "schedule"

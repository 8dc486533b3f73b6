"""The server-rendered forms; Flask-WTF puts a CSRF token into each."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from cgn_core.figures.locales import BROWSER, HOUSE, OFFERED
from webapp.components.numbers import sample

LONGEST_PASSWORD = 1024
LONGEST_NAME = 200


class SignInForm(FlaskForm):
    """E-mail address and password."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address."), Length(max=254)])
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=LONGEST_PASSWORD)])
    next = HiddenField()


class CodeForm(FlaskForm):
    """A code of the authenticator, or a recovery code."""

    code = StringField("Code", [InputRequired("Enter a code."), Length(max=64)])


class ConfirmForm(FlaskForm):
    """One's password once more."""

    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=LONGEST_PASSWORD)])
    next = HiddenField()


class PasswordForm(FlaskForm):
    """The current password and a new one."""

    current = PasswordField(
        "Current password", [InputRequired("Enter your current password."), Length(max=LONGEST_PASSWORD)]
    )
    new = PasswordField("New password", [InputRequired("Enter the new password."), Length(max=LONGEST_PASSWORD)])


class InvitationForm(FlaskForm):
    """What a new account needs beside what the invitation says."""

    name = StringField("Your name", [InputRequired("Enter your name."), Length(max=LONGEST_NAME)])
    password = PasswordField("Password", [InputRequired("Choose a password."), Length(max=LONGEST_PASSWORD)])


class ForgottenForm(FlaskForm):
    """Whose password is forgotten."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address."), Length(max=254)])


class NewPasswordForm(FlaskForm):
    """A new password, without the old one."""

    password = PasswordField("New password", [InputRequired("Choose a password."), Length(max=LONGEST_PASSWORD)])


class ProfileForm(FlaskForm):
    """One's own name, and how numbers are written for oneself."""

    name = StringField("Name", [InputRequired("Enter your name."), Length(max=LONGEST_NAME)])
    number_format = SelectField(
        "Numbers and dates",
        default=HOUSE,
    )

    def offer(self) -> None:
        """Show what each way looks like; not before a form is, since that loads the languages' data."""
        ways = [SelectChoice(code, f"{name}: {sample(code)}") for code, name in OFFERED.items()]
        self.number_format.choices = [*ways, SelectChoice(BROWSER, "As my browser says")]


class TokenForm(FlaskForm):
    """A new API token."""

    name = StringField("What it is for", [InputRequired("Say what the token is for."), Length(max=100)])
    role = SelectField("Role", default="viewer")
    days = SelectField(
        "Lives for",
        choices=[SelectChoice("30", "30 days"), SelectChoice("90", "90 days"), SelectChoice("365", "a year")],
        default="90",
    )
    sees = RadioField(
        "Sees",
        choices=[SelectChoice("all", "All workspaces that I see"), SelectChoice("some", "Only these")],
        default="all",
    )


class EmptyForm(FlaskForm):
    """A button that changes something."""

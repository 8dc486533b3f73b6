"""The server-rendered forms; Flask-WTF puts a CSRF token into each."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

LONGEST_PASSWORD = 1024


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


class EmptyForm(FlaskForm):
    """A button that changes something."""

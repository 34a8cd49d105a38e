"""What a profile file may hold, checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from convkit.deid.codes import WORDS, Code
from convkit.deid.profile_file import line_of
from convkit.errors import UsageError


def _code(word: object) -> object:
    """A code of the standard for a word that a profile may write."""
    return WORDS.get(word, word) if isinstance(word, str) else word


Action = Annotated[Code, BeforeValidator(_code)]


class _DetailedRule(BaseModel):
    """A rule with a value or a condition."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Action = Field(Code.REPLACE, description="What becomes of the attribute.")
    value: str | None = Field(None, description="What it is replaced by.")
    when: dict[str, str | tuple[str, ...]] = Field(
        default_factory=dict, description="Keyword to the values that the data set must have, such as Modality = 'CT'."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> _DetailedRule:
        if (self.action is Code.REPLACE) != (self.value is not None):
            raise ValueError("a value is for replacing, and replacing needs one")
        return self


class ProfileSchema(BaseModel):
    """What a profile file may hold; its JSON schema is the description for editors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    meaning: str = Field(
        min_length=1, description="What the profile or option is called; for those of PS3.15 in CID 7050."
    )
    code: str = Field("", pattern=r"^(1131\d\d)?$", description="Its code in CID 7050; empty for your own.")
    source: str = Field("", description="Where its rules come from.")
    about: str = Field("", description="What it does, in a sentence.")
    extends: str = Field("", description="What it builds on, such as basic+dates.")
    option: bool = Field(default=False, description="True for what can only be added to a profile.")
    excludes: tuple[str, ...] = Field((), description="Options that contradict this one.")
    unlisted: Action | None = Field(None, description="What becomes of attributes of the standard that no rule names.")
    unknown: Action | None = Field(None, description="What becomes of attributes that are not in the dictionary.")
    pixels: Literal["refuse", "regions", "ocr", "allow"] | None = Field(
        None, description="What is done about text in pixels, unless the command says otherwise."
    )
    vocabulary: tuple[str, ...] = Field((), description="Files of words that may stay in text, beside this file.")
    rules: dict[str, Action | _DetailedRule] = Field(default_factory=dict, description="Selector to action.")


def checked(raw: Mapping[str, Any], text: str, path: Path) -> dict[str, Any]:
    """The fields of a file, where all are right.

    Parameters
    ----------
    raw : mapping
        What the file holds.
    text : str
        The file, to tell the line of a mistake.
    path : Path

    Raises
    ------
    UsageError
        A field is not known, or its value is not one it may have.
    """
    try:
        return ProfileSchema.model_validate(raw).model_dump(exclude_unset=True)
    except ValidationError as err:
        raise _mistake(path, text, err.errors()[0]) from err


def _mistake(path: Path, text: str, error: Any) -> UsageError:
    """The first mistake of a file: line, field, and what would be right."""
    place = error["loc"]
    field = str(place[1] if place[0] == "rules" and len(place) > 1 else place[-1])
    where = f"{path}:{line_of(text, field)}"
    if error["type"] == "enum":
        return UsageError(f"{error['msg']}: {field!r}.", where, f"Words are {', '.join(WORDS)}.")
    hint = f"Known fields are {', '.join(ProfileSchema.model_fields)}." if error["type"] == "extra_forbidden" else ""
    return UsageError(f"{error['msg']}: {field!r}.", where, hint)

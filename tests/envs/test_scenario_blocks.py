"""Blocks in YAML: only what differs from the defaults is written, and what was written is read to the bit."""

import dataclasses

import numpy as np
import pytest

from maitred.envs.blocks import (
    BLOCKS,
    Bots,
    Channels,
    Concurrency,
    Customers,
    Deferral,
    Dialogue,
    Handoff,
    People,
    Reassess,
)
from maitred.envs.blocks.fields import declared
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.scenario_file import load_scenario, save_scenario, scenario_hash
from tests.envs.test_scenario_file import same, small_scenario

TYPES = ("NO", "a,b")
BLOCKS_ON = {
    "channels": Channels(
        ("voice", "chat"),
        of_type=np.array([1, 0]),
        exclusive=np.array([1.0, 0.0]),
        think_mean_s=np.array([0.0, 80.5]),
        slots=2.0,
    ),
    "dialogue": Dialogue(
        ("simple", "complex"),
        share=np.array([[0.1 + 0.2, 1 - (0.1 + 0.2)], [0.5, 0.5]]),
        turns_mean=np.array([1.0, 16.0]),
        transition=0.125,
        phases=2.0,
    ),
    "concurrency": Concurrency(decided=True, switch_overhead=1e-5),
    "bots": Bots(
        ("cheap", "good"),
        takes=np.array([[1.0, 0.0], [0.0, 0.0]]),
        resolve_p=np.array([[0.4, 0.1], [0.0, 0.0]]),
        wrong_p=np.array([0.1, 0.0]),
    ),
    "handoff": Handoff(escalate_to=np.array([1, -1]), misroute_p=0.25, keep_position=True),
    "reassess": Reassess(async_of=np.array([-1, 0]), escalate=np.array([0.0, 1.0]), stop_bot_early=True),
    "deferral": Deferral(callback=1.0, async_of=1),
    "customers": Customers(("basic", "gold"), value=np.array([0.0, 1500.0])),
    "people": People(copilot_quality=-0.01),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "small.yaml"


def saved(path, **blocks):
    """The text of a scenario with these blocks on."""
    save_scenario(dataclasses.replace(small_scenario(), **blocks), path)
    return path.read_text()


def edited(path, *lines):
    """A scenario file with lines added."""
    path.write_text(saved(path) + "\n".join(lines) + "\n")
    return path


def test_blocks_load_to_the_bit(path):
    saved(path, **BLOCKS_ON)
    assert same(load_scenario(path), dataclasses.replace(small_scenario(), **BLOCKS_ON))


def test_saving_what_was_loaded_writes_the_same_file(path, tmp_path):
    text = saved(path, **BLOCKS_ON)
    (tmp_path / "again").mkdir()
    save_scenario(load_scenario(path), tmp_path / "again" / path.name)
    assert (tmp_path / "again" / path.name).read_text() == text


@pytest.mark.parametrize("name", BLOCKS)
def test_any_field_at_the_end_of_its_range_loads_to_the_bit(name, path):
    named = {"bots": ("bot",)} if name == "bots" else {}
    for f in declared(BLOCKS[name]):
        kind, (low, high) = f.metadata["kind"], f.metadata["range"]
        value = {"flag": not f.default, "number": high if f.default == low else low}.get(kind, 0)
        value = float(value) if f.metadata["axes"] and kind == "flag" else value
        block = BLOCKS[name](*named.values(), **{f.name: value if kind != "number" else float(value)})
        approval = {"handoff": Handoff(approval_by=0)} if f.name == "two_person" else {}
        saved(path, **{name: block}, **approval)
        assert same(getattr(load_scenario(path), name), block), f.name


def test_a_block_that_is_off_is_not_in_the_file(path):
    text = saved(path, concurrency=Concurrency())
    assert not any(f"{name}:" in text for name in BLOCKS)


def test_only_what_differs_from_the_default_is_written(path):
    text = " ".join(saved(path, **BLOCKS_ON).split())
    assert "concurrency: {switch_overhead: 1.0e-05, decided: true}" in text
    assert "of_type: {'NO': chat}, exclusive: {voice: true}, think_mean_s: {chat: 80.5}, slots: 2}" in text
    assert "share: {'NO': [0.30000000000000004, 0.7], 'a,b': 0.5}" in text
    assert "handoff: {misroute_p: 0.25, keep_position: true, escalate_to: {'NO': 'a,b'}}" in text
    assert "deferral: {async_of: 'a,b', callback: true}" in text


def test_a_mapping_leaves_the_rest_at_the_default(path):
    lines = ["bots:", "  names: [one, two]", "  takes:", "    one: false", "  max_turns: {two: 3}"]
    bots = load_scenario(edited(path, *lines)).bots
    assert bots.takes.tolist() == [[0, 0], [1, 1]]
    assert bots.max_turns.tolist() == [8, 3]


def test_a_block_is_part_of_what_is_simulated(path):
    saved(path)
    known = scenario_hash(path)
    assert scenario_hash(edited(path, "people: {break_min: 30}")) != known
    assert scenario_hash(edited(path, "people: {break_min: 0}")) == known


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("people: {break: 30}", r"people.break: expected one of learn_ratio, .*, found an unknown key"),
        ("people: {names: [x]}", r"people.names: expected one of learn_ratio, .*, found an unknown key"),
        ("people: 3", "people: expected a mapping of keys, found 3"),
        ("people:", "people: expected a mapping of keys, found None"),
        ("people: {break_min: long}", "people.break_min: expected a number, found long"),
        ("people: {break_min: true}", "people.break_min: expected a number, found True"),
        ("people: {break_min: -1}", r"people.break_min: expected values in \[0, 120\], found -1"),
        ("people: {break_min: .nan}", r"people.break_min: expected values in \[0, 120\], found nan"),
        ('people: {break_min: {"NO": 3}}', "people.break_min: expected one value, found"),
        ("concurrency: {decided: 1}", "concurrency.decided: expected true or false, found 1"),
        ('outreach: {needs_per_h: {"NO": x}}', "outreach.needs_per_h.NO: expected a number, found x"),
        ("outreach: {needs_per_h: {OTHER: 3}}", "outreach.needs_per_h: expected keys of NO, a,b, found OTHER"),
        ('deferral: {async_of: {"NO": mail}}', "deferral.async_of.NO: expected one of NO, a,b, found mail"),
        ('deferral: {async_of: {"NO": 1}}', "deferral.async_of.NO: expected one of NO, a,b, found 1"),
        ("deferral: {async_of: true}", "deferral.async_of: expected one of NO, a,b, found True"),
        ("channels: {names: voice}", "channels.names: expected a list of distinct names, found 'voice'"),
        ("channels: {names: [x, x]}", "channels.names: expected a list of distinct names"),
        ("channels: {names: []}", "channels.names: expected 1 or more distinct names"),
        ('dialogue: {names: [x, y], share: {"NO": [1]}}', r"dialogue.share.NO: expected a list for x, y, found \[1\]"),
        ('dialogue: {names: [x, y], share: {"NO": [1, z]}}', "dialogue.share.NO: expected a number, found z"),
        ('dialogue: {share: {"NO": 2}}', r"dialogue.share: expected values in \[0, 1\], found 2.0"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(line, message, path):
    with pytest.raises(ScenarioError, match=f"small.yaml: {message}"):
        load_scenario(edited(path, line))


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (Channels(("x", "x")), "channels.names: expected 1 or more distinct names"),
        (Channels(of_type=-1), r"channels.of_type: expected values in \[0, 0\], found -1.0"),
        (Channels(of_type=np.array([0, 1])), r"channels.of_type: expected values in \[0, 0\], found 1.0"),
        (Channels(slots=np.ones(3)), r"channels.slots: expected shape \(1,\) over \('channel',\), found \(3,\)"),
        (Handoff(escalate_to=2), r"handoff.escalate_to: expected values in \[-1, 1\], found 2.0"),
    ],
)
def test_a_scenario_checks_its_blocks_however_they_are_made(block, message):
    name = type(block).__name__.lower()
    with pytest.raises(ScenarioError, match=message):
        dataclasses.replace(small_scenario(), **{name: block})

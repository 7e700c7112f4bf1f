import dataclasses
from hashlib import sha256

import numpy as np
import pytest

from maitred.envs.scenario import (
    Agents,
    Arrivals,
    ContactTypes,
    Patience,
    Returns,
    Routing,
    Scenario,
    Service,
    Staffing,
)
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.scenario_file import SHIPPED, load_scenario, save_scenario, scenario_hash


def small_scenario() -> Scenario:
    rng = np.random.default_rng(1)
    may_answer = np.array([[True, False], [True, True], [False, True]])
    return Scenario(
        name="small",
        description="Two types, three agents: a shop, and a desk",
        days=2,
        types=ContactTypes(("NO", "a,b"), np.array([[0.1 + 0.2, 1 - (0.1 + 0.2)], [1.0, 0.0]]), np.array([0.0, 90.5])),
        arrivals=Arrivals(
            period_s=21_600,
            rate_per_h=rng.random((2, 2, 4)),
            day_type_of_weekday=np.array([0, 0, 0, 0, 0, 1, 1]),
            day_type_names=("week", "end"),
            day_factor_cv=1e-5,
            period_factor_cv=0.2,
            period_factor_ar1=1 / 3,
        ),
        agents=Agents(
            names=("Ann", "Bo", "Cy"),
            group=np.array([0, 0, 1]),
            group_names=("shop", "desk"),
            weight=rng.random(3),
            may_answer=may_answer,
            mean_s=np.where(may_answer, 300 * rng.random((3, 2)) + 1, 0),
            log_se=np.where(may_answer, rng.random((3, 2)), 0),
            resolve_p=np.where(may_answer, rng.random((3, 2)), 0),
            short_share=rng.random(3),
            cost_per_min=np.array([0.65, 0.2]),
        ),
        service=Service("lognormal", np.array([0.9, 1.1]), np.array([0.0, 30.0]), np.ones(4)),
        patience=Patience(np.array([0.0, 15.0]), rng.random((2, 2, 2)), 1 + rng.random(4)),
        returns=Returns(retrial_p=0.4, repeat_short_p=1e-7),
        staffing=Staffing(
            np.array([0, 1]), np.array([0, 1]), np.array([0.0, 100.5]), np.array([3600.0, 86400.0]), np.array([2, 1])
        ),
        routing=Routing(hold_s=7),
        provenance={"source": "made up: 'for a test'"},
    )


def same(a, b) -> bool:
    """Whether two scenarios (or parts of one) are equal to the bit."""
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return a == b


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "small.yaml"
    save_scenario(small_scenario(), path)
    return path


def edit(path, old, new, table=None):
    """Replace `old` by `new` in the YAML, or in one of its tables and the hash accordingly."""
    target = path.parent / "small" / table if table else path
    before = target.read_text()
    assert old in before
    target.write_text(before.replace(old, new, 1))
    if table:
        hashes = [sha256(text.encode()).hexdigest() for text in (before, target.read_text())]
        edit(path, *hashes)


def test_a_saved_scenario_loads_to_the_bit(saved):
    assert same(load_scenario(saved), small_scenario())


def test_saving_what_was_loaded_writes_the_same_files(saved, tmp_path):
    again = tmp_path / "again"
    again.mkdir()
    save_scenario(load_scenario(saved), again / "small.yaml")
    for name in ("small.yaml", "small/handle.csv", "small/shifts.csv", "small/patience.csv"):
        assert (again / name).read_bytes() == (tmp_path / name).read_bytes()
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("days: 2", "days: two", "small.yaml: days: expected a whole number, found 'two'"),
        ("days: 2", "days: true", "small.yaml: days: expected a whole number, found True"),
        ("days: 2", "days: 0", r"small.yaml: days: expected values in \[1, 366\]"),
        ("days: 2", "day: 2", "small.yaml: days: expected a whole number, found no such key"),
        ("days: 2", "days: 2\ncolour: red", "small.yaml: colour: unknown key"),
        ("retrial_p: 0.4", "retrial_q: 0.4", "returns.retrial_p: expected a number, found no such key"),
        ("retrial_p: 0.4", "retrial_p: 0.4, extra: 1", "returns.extra: unknown key"),
        ("retrial_p: 0.4", "retrial_p: 1.4", r"retrial_p: expected values in \[0, 0.95\]"),
        ("retrial_p: 0.4", "retrial_p: .nan", "retrial_p: expected values in"),
        ("period_s: 21600", "period_s: 21601", "arrivals.period_s: expected a divisor of 86400, found 21601"),
        ("[saturday, sunday]", "[saturday]", "arrivals.day_types: expected each of monday, "),
        ("may_hold: true", "may_hold: 1", "routing.may_hold: expected true or false, found 1"),
        ("[0.0, 90.5]", "[0.0, x]", "types.head_start_s: expected a list of numbers"),
        ("[0.0, 90.5]", "[0.0]", "types.priority_share: expected 1 levels"),
        ("name: small", "name: ../small", "name: expected letters, digits"),
        ("name: small", "name: [", "expected a readable YAML file"),
        ("name: small", "name: !!python/object:os.system {}", "expected a readable YAML file"),
    ],
)
def test_a_wrong_key_is_named_with_what_was_expected(saved, old, new, message):
    edit(saved, old, new)
    with pytest.raises(ScenarioError, match=message):
        load_scenario(saved)


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("agents.csv", "Bo,shop", "Bo,shed", "small/agents.csv row 3, group: expected one of shop, desk, found 'shed'"),
        ("agents.csv", "Bo,shop", "Ann,shop", "small/agents.csv row 3, agent: expected a new name, found 'Ann'"),
        ("handle.csv", "Ann,NO", "Dee,NO", "small/handle.csv row 2, agent: expected one of Ann, Bo, Cy, found 'Dee'"),
        ("handle.csv", "Bo,NO", "Ann,NO", "small/handle.csv row 3: expected each key once"),
        ("handle.csv", "resolve_p", "resolved", "small/handle.csv: expected the columns agent,type,mean_s"),
        ("patience.csv", "NO,0,15", "NO,0,16", "small/patience.csv: expected 12 rows"),
        ("patience.csv", "NO,0,0,", "NO,2,0,", r"row 2, level: expected a whole number in \[0, 1\], found '2'"),
        ("patience.csv", "NO,0,0,0", "NO,0,0,-0", r"row 2, hazard_per_s: expected a number in \[0, 10\]"),
        ("shifts.csv", "3600,2", "3600,2.5", "small/shifts.csv row 2, agents: expected a whole number"),
        ("shifts.csv", "3600,2", "3600", "small/shifts.csv row 2: expected 5 cells, found 4"),
        ("shifts.csv", "0,3600,2", "3600,3600,2", "shift_end_s: expected ends after their starts"),
        ("arrivals.csv", "week,0,NO,", "week,0,NO,nan", r"row 2, rate_per_h: expected a number in"),
        ("arrivals.csv", "week,0,NO", "week,1,NO", "each key once"),
    ],
)
def test_a_wrong_cell_is_named_with_its_row(saved, table, old, new, message):
    edit(saved, old, new, table)
    with pytest.raises(ScenarioError, match=message):
        load_scenario(saved)


def test_a_table_that_was_touched_is_refused(saved):
    table = saved.parent / "small" / "agents.csv"
    table.write_text(table.read_text().replace("Ann", "Anna"))
    with pytest.raises(ScenarioError, match=r"small/agents.csv: expected sha256 \w{64}, found \w{64}"):
        load_scenario(saved)
    table.unlink()
    with pytest.raises(ScenarioError, match=r"small/agents.csv: expected a readable table"):
        load_scenario(saved)


def test_the_hash_is_that_of_what_is_simulated(saved):
    scenario = small_scenario()
    known = scenario_hash(saved)
    assert known == scenario_hash(scenario)
    assert known == scenario_hash(dataclasses.replace(scenario, description="?", provenance={}))
    assert known != scenario_hash(dataclasses.replace(scenario, days=3))
    rates = scenario.arrivals.rate_per_h.copy()
    rates[0, 0, 0] = np.nextafter(rates[0, 0, 0], 2)
    assert known != scenario_hash(
        dataclasses.replace(scenario, arrivals=dataclasses.replace(scenario.arrivals, rate_per_h=rates))
    )


def test_a_name_that_is_not_shipped_lists_those_that_are():
    with pytest.raises(ScenarioError, match=r"nowhere: expected the path of a YAML file or one of .*bank"):
        load_scenario("nowhere")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_load_fit_a_screen_and_are_kept_as_saved(path, tmp_path):
    scenario = load_scenario(path.stem)
    assert len(path.read_text().splitlines()) <= 60
    assert scenario.name == path.stem and scenario.provenance
    save_scenario(scenario, tmp_path / path.name)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()

import copy
import math
import re

import pytest
import yaml

from experiments.optimality.network_file import SHIPPED, NetworkError, load_network, parse_network, shipped


def document(name):
    return yaml.safe_load((SHIPPED / f"{name}.yaml").read_text())


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_network_is_read(name):
    assert load_network(name).name == name


def test_patience_for_ever_and_groups_that_may_not():
    network = load_network("N_preemptive")
    assert network.classes[0].patience_min == math.inf
    assert network.groups[0].services_per_min == (1, 0)


@pytest.mark.parametrize(
    "keys, value, message",
    [
        (("kind",), "ring", "kind: expected one of queue, chat, found 'ring'"),
        (("classes", "simple", "arrivals_per_min"), 0, "classes.simple.arrivals_per_min: expected a number above 0"),
        (("classes", "simple", "queue_limit"), 2.5, "classes.simple.queue_limit: expected a whole number"),
        (("classes", "simple", "pateince_min"), 1, "classes.simple.pateince_min: unknown key"),
        (("groups", "first", "services_per_min", "other"), 1, "groups.first.services_per_min.other: unknown key"),
        (("groups", "second", "services_per_min"), {"simple": 1}, "classes.complex: nobody may serve it"),
        (("preemptive",), "no way", "preemptive: expected true or false"),
        (("classes",), {}, "classes: expected at least one"),
    ],
)
def test_what_is_wrong_is_named(keys, value, message):
    changed = copy.deepcopy(document("N"))
    place = changed
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    with pytest.raises(NetworkError, match=re.escape(message)):
        parse_network("N", changed)


def test_a_missing_key_and_a_missing_file():
    changed = document("chat")
    del changed["agents"]["novice"]["cap"]
    with pytest.raises(NetworkError, match=r"agents\.novice\.cap: missing"):
        parse_network("chat", changed)
    with pytest.raises(NetworkError, match=r"nowhere\.yaml: no such file"):
        load_network("nowhere.yaml")


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("kind: [queue")
    with pytest.raises(NetworkError, match=r"broken\.yaml: "):
        load_network(path)

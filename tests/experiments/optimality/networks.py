from math import inf

from experiments.optimality.network import ChatAgent, ChatClass, ChatNetwork, Group, QueueClass, QueueNetwork


def one_queue(arrivals=0.8, services=1.0, agents=1, patience_min=inf, limit=150, holding=1.0, abandonment=0.0):
    contacts = QueueClass("contacts", arrivals, patience_min, holding, abandonment, limit, 0.0)
    return QueueNetwork("queue", "", False, (contacts,), (Group("pool", agents, (services,)),))


def v_network(costs, rates, arrivals, limit=60):
    classes = tuple(QueueClass(f"class {i}", arrivals[i], inf, cost, 0.0, limit, cost) for i, cost in enumerate(costs))
    return QueueNetwork("V", "", True, classes, (Group("agent", 1, tuple(rates)),))


def published_n(load, limits):
    first = QueueClass("first", 1.3 * load, inf, 3.0, 0.0, limits[0], 3.0)
    second = QueueClass("second", 0.4 * load, inf, 1.0, 0.0, limits[1], 1.0)
    return QueueNetwork("N", "", True, (first, second), (Group("one", 1, (1.0, 0.0)), Group("two", 1, (0.5, 1.0))))


def one_chat_agent(cap, arrivals, patience_min=inf, limit=60, overhead=0.0, turns=4.0, value=0.0, holding=1.0):
    chats = ChatClass("chats", arrivals, patience_min, holding, 0.0, limit, turns, 1.5, 0.0, value)
    return ChatNetwork("chat", "", overhead, (chats,), (ChatAgent("agent", cap, (0.5,), (1.0,)),))


def small_chat():
    simple = ChatClass("simple", 0.36, 2.0, 0.5, 3.0, 2, 4.0, 1.5, 0.15, 6.0)
    hard = ChatClass("hard", 0.16, 2.0, 0.5, 5.0, 2, 5.0, 1.0, 0.6, 14.0)
    agents = (ChatAgent("expert", 2, (0.5, 0.7), (0.9, 0.9)), ChatAgent("novice", 2, (0.35, 1.1), (0.85, 0.5)))
    return ChatNetwork("chat", "", 0.1, (simple, hard), agents)

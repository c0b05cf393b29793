from hypothesis import given
from hypothesis import strategies as st

from seatrial.adapters.generator.workers import share


@given(st.dictionaries(st.integers(0, 500), st.integers(1, 100), min_size=1), st.integers(1, 9))
def test_every_connection_has_one_worker_and_no_worker_is_idle(weights: dict[int, int], workers: int) -> None:
    shares = share(weights, workers)
    assert sorted(number for each in shares for number in each) == sorted(weights)
    assert all(shares) and len(shares) <= workers
    loads = [sum(weights[number] for number in each) for each in shares]
    assert max(loads) - min(loads) <= max(weights.values())

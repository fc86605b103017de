"""Whatever a model does wrong, its reading is cleaned or the embedded one serves, and the answer says so."""

import pytest

from tests.understanding_llm.faults import FALLBACK, FAULTS, SECONDS, Fault, come


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_costs_at_most_the_models_reading(fault: Fault) -> None:
    came = await come(fault)

    assert (came.comes, came.failure) == (fault.comes, fault.failure)
    assert came.ms < (SECONDS + 2) * 1000
    assert came.again in (None, 1, 2 if "without a word" in fault.name else 1)
    if fault.comes == FALLBACK:
        assert came.notices[-1] == "model could not be used: read by the embedded engine"

"""The whole job with the app's own data on PostgreSQL; the store's own tests run there too, see `tests/store`."""

import pytest
from sqlalchemy import create_engine, text

from smart_app.cli.demo.check import Subject, run
from smart_app.cli.demo.check_steps import Steps
from tests.peers.postgres_server import emptied
from tests.support.stands import clinic

pytestmark = pytest.mark.system


def test_the_whole_job_holds_with_the_app_on_postgresql(postgres_url: str) -> None:
    steps = Steps()
    with clinic(database_url=emptied(postgres_url)) as here:
        run(here.stand, Subject(patient="falling-slowly"), steps)
    assert (steps.failed, steps.passed >= 7) == ([], True)
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        tables = connection.execute(text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")).scalars().all()
    engine.dispose()
    assert len(tables) >= 4

"""The backend itself; Django looks for `base.DatabaseWrapper` in the package that ENGINE names."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes connections that are alive out of the pool.

    psycopg's own check (Django's CONN_HEALTH_CHECKS) pauses 1, 2, 4, … s after each dead connection that it finds. After a
    restart of the database all that lie in the pool are dead, and a few of them take longer than a request waits. Here the
    first dead one empties the pool, and the next comes fresh from the database.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that has just answered. Raises OperationalError when there is none within the pool's time-out."""
        connection = super().get_new_connection(conn_params)
        pool = self.pool
        if pool is None:
            return connection
        try:
            ConnectionPool.check_connection(connection)
        except psycopg.OperationalError:
            pool.putconn(connection)
            pool.drain()
            return super().get_new_connection(conn_params)
        return connection

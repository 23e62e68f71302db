"""The Django project. Importing it loads the Celery app, without which shared tasks would fall back to amqp."""

from voc.celery import app as celery_app

__all__ = ["celery_app"]

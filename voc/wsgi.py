"""The WSGI entry point for gunicorn: `gunicorn voc.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voc.settings")

application = get_wsgi_application()

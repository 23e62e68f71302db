"""The WSGI entry point for gunicorn: `gunicorn voc.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from voc.core.boot import refuse_if_misconfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voc.settings")

application = get_wsgi_application()
refuse_if_misconfigured()

"""All configuration. The environment is read in this package and nowhere else; README.md lists every variable.

Here is the system itself; `signing_in` has single sign-on and second factors, `vendors` the systems that it talks to.
"""

import secrets
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from csp.constants import NONCE
from django.utils.translation import gettext_lazy as _

from voc.beat import schedule
from voc.settings.environment import BASE_DIR, env
from voc.settings.signing_in import *  # noqa: F403  (Django reads settings from one module)
from voc.settings.vendors import *  # noqa: F403

# --- the site -----------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
# Unset, each process draws one that nobody knows: tools run without it, and `accounts.checks` refuses to serve.
SECRET_KEY_IS_SET = bool(env.str("SECRET_KEY", default=""))
SECRET_KEY = env.str("SECRET_KEY", default="") or secrets.token_urlsafe(50)
# Keys that were SECRET_KEY before: what they signed still counts.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# For secrets that are stored: the first encrypts, all of them decrypt. Unset, one key follows from SECRET_KEY, and
# `voc.core.checks` refuses to serve in production.
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
VOC_VAR_DIR = Path(env.str("VOC_VAR_DIR", default=str(BASE_DIR / "var")))

# --- apps ---------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "voc.core",
    "voc.core.outbox",
    "voc.core.audit",
    "accounts",
    "llm",
    "integrations.jira",
    "integrations.logs",
    "notifications",
    "notifications.routing",
    "tickets",
    "voc.portal",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "accounts.sso",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "corsheaders",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "rest_framework_simplejwt",
    "template_partials",
    "django.contrib.postgres",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "voc.core.middleware.LimitsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.audit.AuditMiddleware",
    "accounts.middleware.UserLocaleMiddleware",
    "accounts.middleware.PresenceMiddleware",
    "accounts.middleware.KnownDeviceMiddleware",
    "accounts.middleware.RateLimitMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "voc.core.middleware.NulMiddleware",
    "accounts.middleware.DenyByDefaultMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "voc.urls"
WSGI_APPLICATION = "voc.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "voc.portal.context.portal",
            ],
        },
    }
]

# --- database and cache -------------------------------------------------------------------------------------------
WORKER_THREADS = env.int("WORKER_THREADS", default=18)
DATABASE_POOL_SECONDS = env.float("DATABASE_POOL_SECONDS", default=10)
DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres://voc:voc@127.0.0.1:5432/voc")}
DATABASES["default"]["ENGINE"] = "voc.core.postgresql"  # which checks the health of connections itself
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"].setdefault("OPTIONS", {})
# The pool lives in each process; four beyond the worker's threads serve heartbeats and health.
DATABASES["default"]["OPTIONS"]["pool"] = {
    "min_size": 1,
    "max_size": WORKER_THREADS + 4,
    "timeout": DATABASE_POOL_SECONDS,
    # Tries to connect back off up to this long and begin anew, so that a database that is back is found soon.
    "reconnect_timeout": 5,
}
DATABASES["default"]["OPTIONS"]["connect_timeout"] = 5
DATABASES["default"]["TEST"] = {"NAME": env.str("TEST_DATABASE_NAME", default="voc_test")}
# For the role that `manage.py setup_database_roles` makes; no server reads it.
DATABASE_APP_PASSWORD = env.str("DATABASE_APP_PASSWORD", default="")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")

# --- people -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.passwords.NotOfThisHouse"},
]
# Reset links and invitations alike.
PASSWORD_RESET_TIMEOUT = env.int("PASSWORD_RESET_TIMEOUT", default=3 * 24 * 3600)
# Read by the commands create_admin and create_demo_users.
ADMIN_PASSWORD = env.str("ADMIN_PASSWORD", default="")
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="")
# Failed sign-ins of one account, in the portal, the admin and the API together, from all unknown devices together.
LOGIN_ATTEMPTS = env.int("LOGIN_ATTEMPTS", default=5)
# The same of all accounts from one address.
LOGIN_ATTEMPTS_ADDRESS = env.int("LOGIN_ATTEMPTS_ADDRESS", default=100)
LOGIN_ATTEMPTS_SECONDS = env.int("LOGIN_ATTEMPTS_SECONDS", default=300)
# Whether people can sign in with a password; without it only through single sign-on.
LOCAL_LOGIN = env.bool("LOCAL_LOGIN", default=True)
# Requests a minute; 0 for no limit. Addresses are counted for who has not signed in.
RATE_LIMIT_USER = env.int("RATE_LIMIT_USER", default=6000)
RATE_LIMIT_KEY = env.int("RATE_LIMIT_KEY", default=600)
RATE_LIMIT_ADDRESS = env.int("RATE_LIMIT_ADDRESS", default=600)
# The first signs API tokens, all verify them; without any it is SECRET_KEY (see accounts.jwt_keys).
JWT_KEYS = env.list("JWT_KEYS", default=[])
# For so many seconds a used refresh token is taken for a repeated call; after that it ends all that came of its sign-in.
JWT_REUSE_SECONDS = env.int("JWT_REUSE_SECONDS", default=10)
# After so many days a sign-in to the API ends, however busy its tokens are.
JWT_LONGEST_DAYS = env.int("JWT_LONGEST_DAYS", default=30)
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ALGORITHM": "HS256",
    "ISSUER": "voc",
    "AUTH_TOKEN_CLASSES": ["accounts.jwt_keys.VocAccessToken"],
}
# --- sessions -----------------------------------------------------------------------------------------------------
# Browsers offer passkeys without https on this machine only, and only then is the origin's scheme forgiven.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = SITE_URL.startswith(("http://localhost", "http://127.0.0.1"))
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https://")
# The prefix makes browsers take these from this very host alone, over https alone.
SESSION_COOKIE_NAME = "__Host-sessionid" if SESSION_COOKIE_SECURE else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if CSRF_COOKIE_SECURE else "csrftoken"
CSRF_COOKIE_HTTPONLY = True

# --- language and time --------------------------------------------------------------------------------------------
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="ko")
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE
LANGUAGE_COOKIE_NAME = "__Host-language" if SESSION_COOKIE_SECURE else "django_language"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Seoul")
USE_TZ = True
USE_I18N = True

# --- files --------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served straight from the source folders: no collectstatic step can be forgotten, and no folder need be there for it.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
# A form with files as a whole; Django limits only what is no file.
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", default=20_000_000)

# --- security headers ---------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if SITE_URL.startswith("https://") else 0)
# How many proxies of ours stand in front, one behind the other: their scheme is believed, and so many of the last
# entries of X-Forwarded-For. TRUST_PROXY says that it is one.
TRUST_PROXY = env.bool("TRUST_PROXY", default=False)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0) or int(TRUST_PROXY)
# Without a proxy nobody can tell what came over TLS. Scrapers and probes inside come past the proxy.
SECURE_SSL_REDIRECT = SITE_URL.startswith("https://") and bool(TRUSTED_PROXIES)
# Programs are refused instead (voc.core.middleware).
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^metrics$", r"^api/", r"^hooks/", r"^integrations/"]
# Whether other hosts of the domain, and browsers' built-in lists, follow is for the domain's owner to decide.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": [],
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'", NONCE],
        "style-src": ["'self'", NONCE],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "object-src": ["'none'"],
        "frame-src": ["'none'"],
        "worker-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    },
}
# Nothing of what a browser can ask a person for is needed, but for passkeys.
PERMISSIONS_POLICY = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=(), "
    "publickey-credentials-get=(self), publickey-credentials-create=(self)"
)
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/(api/v1/.*|health)$"
CORS_EXPOSE_HEADERS = ["Retry-After", "Idempotent-Replay", "X-Request-ID"]
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "idempotency-key", "x-api-key", "x-request-id"]

# --- API ----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.VocJWTAuthentication",
        "accounts.authentication.ApiKeyAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.limits.RateLimit"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.DeclaredPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["voc.core.api.JSONParser"],
    "EXCEPTION_HANDLER": "voc.core.api.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "VOC",
    "DESCRIPTION": "Complaints in, evidence-backed decisions out.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "accounts.schema.add_common_answers",
    ],
    "ENUM_NAME_OVERRIDES": {
        "StatusEnum": "tickets.models.Status",
        "ProblemTypeEnum": "voc.core.vocabulary.ProblemType",
        "UrgencyEnum": "voc.core.vocabulary.Urgency",
        "ChannelEnum": "voc.core.vocabulary.Channel",
        "RejectCategoryEnum": "tickets.models.RejectCategory",
    },
}

# --- jobs ---------------------------------------------------------------------------------------------------------
VOC_FLOW = "voc.flow.FLOW"
# Threads that one worker process gives to a queue. The sum stays two below the worker's threads, so that a full
# queue never keeps another one's first job waiting.
VOC_QUEUES = {
    "analysis": env.int("QUEUE_ANALYSIS_THREADS", default=4),
    "notify": env.int("QUEUE_NOTIFY_THREADS", default=2),
    "slack": env.int("QUEUE_SLACK_THREADS", default=2),
    "email": env.int("QUEUE_EMAIL_THREADS", default=2),
    "teams": env.int("QUEUE_TEAMS_THREADS", default=1),
    "pagerduty": env.int("QUEUE_PAGERDUTY_THREADS", default=1),
    "mail": env.int("QUEUE_MAIL_THREADS", default=2),
    "jira": env.int("QUEUE_JIRA_THREADS", default=2),
}
OUTBOX_LEASE_SECONDS = env.float("OUTBOX_LEASE_SECONDS", default=15)
OUTBOX_MAX_INTERRUPTIONS = env.int("OUTBOX_MAX_INTERRUPTIONS", default=20)
OUTBOX_SWEEP_SECONDS = env.float("OUTBOX_SWEEP_SECONDS", default=5)
JIRA_POLL_SECONDS = env.float("JIRA_POLL_SECONDS", default=120)
OUTBOX_KEEP_DAYS = env.int("OUTBOX_KEEP_DAYS", default=30)
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 0.5,
    "visibility_timeout": 60,
    "max_retries": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "voc"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = schedule(sweep_seconds=OUTBOX_SWEEP_SECONDS, jira_seconds=JIRA_POLL_SECONDS)
CELERY_TIMEZONE = TIME_ZONE

# --- tickets ------------------------------------------------------------------------------------------------------
VOC_GRACE_SECONDS = env.float("VOC_GRACE_SECONDS", default=10)
VOC_CONFIDENCE_THRESHOLD = env.float("VOC_CONFIDENCE_THRESHOLD", default=0.6)
# After so many days without a change a finished ticket is kept as a figure only; 0 for never.
CUSTOMER_KEEP_DAYS = env.int("CUSTOMER_KEEP_DAYS", default=0)
# After so many days an entry of the audit trail goes; 0 for never. `migrate` writes it into the database, where it counts.
AUDIT_KEEP_DAYS = env.int("AUDIT_KEEP_DAYS", default=730)
VOC_SUBMITTERS_SEE_ALL = env.bool("VOC_SUBMITTERS_SEE_ALL", default=False)

# --- mail ---------------------------------------------------------------------------------------------------------
# Unset, no mail is sent: a password link in a log would be there for everybody who reads logs.
vars().update(env.email_url("EMAIL_URL", default="consolemail://" if DEBUG or DEMO else "dummymail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="VOC <voc@localhost>")
EMAIL_TIMEOUT = 10

# --- logs of this system and metrics ------------------------------------------------------------------------------
LOG_FORMAT = env.str("LOG_FORMAT", default="json")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING_CONFIG = "voc.core.logs.configure"
LOGGING = {"format": LOG_FORMAT, "level": LOG_LEVEL}
DJANGO_STRUCTLOG_CELERY_ENABLED = False
PROMETHEUS_EXPORT_MIGRATIONS = False
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

django_stubs_ext.monkeypatch()

"""All configuration. The environment is read here and nowhere else; README.md lists every variable."""

import os
import secrets
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
import environ
from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
environ.Env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")), overwrite=False)

# --- the site -----------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
# Unset, each process draws one that nobody knows: tools run without it, and `accounts.checks` refuses to serve.
SECRET_KEY_IS_SET = bool(env.str("SECRET_KEY", default=""))
SECRET_KEY = env.str("SECRET_KEY", default="") or secrets.token_urlsafe(50)
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
VOC_VAR_DIR = Path(env.str("VOC_VAR_DIR", default=str(BASE_DIR / "var")))

# --- apps ---------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "voc.core",
    "voc.core.outbox",
    "accounts",
    "llm",
    "integrations.logs",
    "notifications",
    "tickets",
    "voc.portal",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
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
    "rest_framework_simplejwt.token_blacklist",
    "template_partials",
    "django.contrib.postgres",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.UserLocaleMiddleware",
    "voc.core.middleware.NulMiddleware",
    "accounts.middleware.DenyByDefaultMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
WORKER_THREADS = env.int("WORKER_THREADS", default=12)
DATABASE_POOL_SECONDS = env.float("DATABASE_POOL_SECONDS", default=10)
DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres://voc:voc@127.0.0.1:5432/voc")}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})
# The pool lives in each process; four beyond the worker's threads serve heartbeats and health.
DATABASES["default"]["OPTIONS"]["pool"] = {
    "min_size": 1,
    "max_size": WORKER_THREADS + 4,
    "timeout": DATABASE_POOL_SECONDS,
}
DATABASES["default"]["OPTIONS"]["connect_timeout"] = 5
DATABASES["default"]["TEST"] = {"NAME": env.str("TEST_DATABASE_NAME", default="voc_test")}
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
]
# Reset links and invitations alike.
PASSWORD_RESET_TIMEOUT = env.int("PASSWORD_RESET_TIMEOUT", default=3 * 24 * 3600)
# Read by the commands create_admin and create_demo_users.
ADMIN_PASSWORD = env.str("ADMIN_PASSWORD", default="")
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="")
# Failed sign-ins of one account from one address, in the portal, the admin and the API together.
LOGIN_ATTEMPTS = env.int("LOGIN_ATTEMPTS", default=10)
LOGIN_ATTEMPTS_SECONDS = env.int("LOGIN_ATTEMPTS_SECONDS", default=300)
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "ISSUER": "voc",
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https://")

# --- language and time --------------------------------------------------------------------------------------------
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="ko")
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE
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

# --- security headers ---------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if SITE_URL.startswith("https://") else 0)
# Whether one proxy of ours stands in front: then its scheme and its last X-Forwarded-For entry are believed.
TRUST_PROXY = env.bool("TRUST_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": [],
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    },
}
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/(api/v1/.*|health)$"
CORS_EXPOSE_HEADERS = ["Retry-After", "Idempotent-Replay", "X-Request-ID"]
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "idempotency-key", "x-api-key", "x-request-id"]

# --- API ----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.VocJWTAuthentication"],
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
    "notify": env.int("QUEUE_NOTIFY_THREADS", default=3),
    "mail": env.int("QUEUE_MAIL_THREADS", default=2),
}
OUTBOX_LEASE_SECONDS = env.float("OUTBOX_LEASE_SECONDS", default=15)
OUTBOX_MAX_INTERRUPTIONS = env.int("OUTBOX_MAX_INTERRUPTIONS", default=20)
OUTBOX_SWEEP_SECONDS = env.float("OUTBOX_SWEEP_SECONDS", default=5)
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
CELERY_BEAT_SCHEDULE = {
    # A sweep that no worker took in time is worth nothing: without an end they would pile up while no worker runs.
    "outbox-sweep": {
        "task": "voc.core.outbox.tasks.sweep",
        "schedule": OUTBOX_SWEEP_SECONDS,
        "options": {"expire_seconds": max(10, round(3 * OUTBOX_SWEEP_SECONDS))},
    },
    "outbox-prune": {"task": "voc.core.outbox.tasks.prune", "schedule": crontab(minute=17, hour=3)},
    "llm-budget-alerts": {"task": "llm.tasks.clear_budget_alerts", "schedule": 60.0},
    "ticket-counts": {"task": "tickets.tasks.compact_counts", "schedule": 60.0},
    "ticket-cases": {"task": "tickets.tasks.seal_cases", "schedule": 60.0, "options": {"expire_seconds": 60}},
    "accounts-prune": {"task": "accounts.tasks.prune", "schedule": crontab(minute=37, hour=3)},
    "idempotency-prune": {"task": "tickets.tasks.prune_idempotency_keys", "schedule": crontab(minute=27, hour=3)},
}
CELERY_TIMEZONE = TIME_ZONE

# --- tickets ------------------------------------------------------------------------------------------------------
VOC_GRACE_SECONDS = env.float("VOC_GRACE_SECONDS", default=10)
VOC_CONFIDENCE_THRESHOLD = env.float("VOC_CONFIDENCE_THRESHOLD", default=0.6)
VOC_SUBMITTERS_SEE_ALL = env.bool("VOC_SUBMITTERS_SEE_ALL", default=False)

# --- logs of the affected systems ---------------------------------------------------------------------------------
MOCK_LOG_DIR = Path(env.str("MOCK_LOG_DIR", default=str(BASE_DIR / "integrations/logs/mock_data")))
LOG_MOCK_FALLBACK = env.str("LOG_MOCK_FALLBACK", default="empty")
# For one log system, and for all of them and all searches of one complaint together.
LOG_SOURCE_SECONDS = env.float("LOG_SOURCE_SECONDS", default=6)
LOG_DEADLINE_SECONDS = env.float("LOG_DEADLINE_SECONDS", default=10)
ELASTICSEARCH_URL = env.str("ELASTICSEARCH_URL", default="")
ELASTICSEARCH_INDEX = env.str("ELASTICSEARCH_INDEX", default="logs-*")
ELASTICSEARCH_FIELDS = env.str("ELASTICSEARCH_FIELDS", default="ecs")
ELASTICSEARCH_API_KEY = env.str("ELASTICSEARCH_API_KEY", default="")
ELASTICSEARCH_USER = env.str("ELASTICSEARCH_USER", default="")
ELASTICSEARCH_PASSWORD = env.str("ELASTICSEARCH_PASSWORD", default="")
KIBANA_URL = env.str("KIBANA_URL", default="")
DATADOG_API_KEY = env.str("DATADOG_API_KEY", default="")
DATADOG_APP_KEY = env.str("DATADOG_APP_KEY", default="")
DATADOG_SITE = env.str("DATADOG_SITE", default="datadoghq.com")
DATADOG_URL = env.str("DATADOG_URL", default="")
DATADOG_INDEX = env.str("DATADOG_INDEX", default="*")
DATADOG_FIELDS = env.str("DATADOG_FIELDS", default="datadog")
CLOUDWATCH_LOG_GROUPS = env.str("CLOUDWATCH_LOG_GROUPS", default="")
CLOUDWATCH_REGION = env.str("CLOUDWATCH_REGION", default="us-east-1")
CLOUDWATCH_URL = env.str("CLOUDWATCH_URL", default="")
CLOUDWATCH_FIELDS = env.str("CLOUDWATCH_FIELDS", default="plain")
SPLUNK_URL = env.str("SPLUNK_URL", default="")
SPLUNK_TOKEN = env.str("SPLUNK_TOKEN", default="")
SPLUNK_INDEX = env.str("SPLUNK_INDEX", default="main")
SPLUNK_FIELDS = env.str("SPLUNK_FIELDS", default="plain")
SPLUNK_WEB_URL = env.str("SPLUNK_WEB_URL", default="")

# --- models and prompts ---------------------------------------------------------------------------------------------
PROMPT_DIR = env.str("PROMPT_DIR", default="prompts")
# A model per role, as provider/model or a name of the plan. With none the built-in offline analyst decides alone.
LLM_PRECISE_MODEL = env.str("LLM_PRECISE_MODEL", default="")
LLM_FAST_MODEL = env.str("LLM_FAST_MODEL", default="")
LLM_LONG_MODEL = env.str("LLM_LONG_MODEL", default="")
LLM_LOCAL_MODEL = env.str("LLM_LOCAL_MODEL", default="")
LLM_DEVELOPMENT = env.bool("LLM_DEVELOPMENT", default=False)
LLM_LONG_CONTEXT = env.int("LLM_LONG_CONTEXT", default=12000)
LLM_AGENT_SECONDS = env.float("LLM_AGENT_SECONDS", default=60)
OPENAI_API_KEY = env.str("OPENAI_API_KEY", default="")
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", default="https://api.openai.com/v1")
ANTHROPIC_API_KEY = env.str("ANTHROPIC_API_KEY", default="")
ANTHROPIC_BASE_URL = env.str("ANTHROPIC_BASE_URL", default="https://api.anthropic.com")
OLLAMA_BASE_URL = env.str("OLLAMA_BASE_URL", default="http://127.0.0.1:11434")
# In US dollars of the site's day and month; 0 for no limit.
LLM_DAILY_BUDGET = env.float("LLM_DAILY_BUDGET", default=10)
LLM_MONTHLY_BUDGET = env.float("LLM_MONTHLY_BUDGET", default=200)
LLM_SOFT_LIMIT = env.float("LLM_SOFT_LIMIT", default=0.8)
LLM_CACHE_SECONDS = env.int("LLM_CACHE_SECONDS", default=86400)

# litellm reads these when it is first imported: it is to fetch nothing then, and to read no .env of its own.
os.environ |= {
    "LITELLM_OFFLINE_MODE": "true",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_MODE": "PRODUCTION",
}

# --- the outside --------------------------------------------------------------------------------------------------
OUTBOUND_ALLOWED_NETWORKS = env.list("OUTBOUND_ALLOWED_NETWORKS", default=[])
SLACK_WEBHOOK_URL = env.str("SLACK_WEBHOOK_URL", default="")
SLACK_LANGUAGE = env.str("SLACK_LANGUAGE", default="ko")
NOTIFY_FIELDS = env.list("NOTIFY_FIELDS", default=["summary", "urgency", "problem_type", "system"])
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

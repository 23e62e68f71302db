"""The systems that this one talks to: log systems, Jira, models, and those that carry messages."""

import os
from pathlib import Path

from voc.settings.environment import BASE_DIR, env

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

# --- Jira ---------------------------------------------------------------------------------------------------------
# With an e-mail address it is Cloud (API token, REST version 3); without one Data Center (personal access token, version 2).
JIRA_BASE_URL = env.str("JIRA_BASE_URL", default="").rstrip("/")
JIRA_EMAIL = env.str("JIRA_EMAIL", default="")
JIRA_API_TOKEN = env.str("JIRA_API_TOKEN", default="")
JIRA_DEFAULT_PROJECT = env.str("JIRA_DEFAULT_PROJECT", default="VOC")
JIRA_BROWSE_URL = env.str("JIRA_BROWSE_URL", default="").rstrip("/") or JIRA_BASE_URL
JIRA_LANGUAGE = env.str("JIRA_LANGUAGE", default="ko")
JIRA_TIMEOUT_SECONDS = env.float("JIRA_TIMEOUT_SECONDS", default=15)
JIRA_ISSUE_TYPES = env.dict(
    "JIRA_ISSUE_TYPES", default={"code_error": "Bug", "integration_error": "Task", "business_improvement": "Story"}
)
JIRA_PRIORITIES = env.dict("JIRA_PRIORITIES", default={"high": "High", "medium": "Medium", "low": "Low"})
# The first one marks every issue of ours: the poll asks for it.
JIRA_LABELS = env.list("JIRA_LABELS", default=["voc"])
JIRA_FIELDS = env.json("JIRA_FIELDS", default={})
JIRA_SHARE = env.list("JIRA_SHARE", default=["summary", "analysis", "evidence", "proposal"])
# Seconds after a creation that was cut off at which its issue is looked for; not found at the last, it is sent again.
JIRA_LOOK_SECONDS = env.list("JIRA_LOOK_SECONDS", cast=float, default=[60, 180, 600])
JIRA_WEBHOOK_SECRET = env.str("JIRA_WEBHOOK_SECRET", default="")
JIRA_STATUS_MAP = env.json("JIRA_STATUS_MAP", default={})

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
# With a bot token Slack keeps threads and is asked before anything is sent again; the webhook can do neither.
SLACK_BOT_TOKEN = env.str("SLACK_BOT_TOKEN", default="")
SLACK_SIGNING_SECRET = env.str("SLACK_SIGNING_SECRET", default="")
SLACK_CHANNEL = env.str("SLACK_CHANNEL", default="")
SLACK_API_URL = env.str("SLACK_API_URL", default="https://slack.com/api/")
SLACK_WEBHOOK_URL = env.str("SLACK_WEBHOOK_URL", default="")
SLACK_MESSAGES_PER_SECOND = env.int("SLACK_MESSAGES_PER_SECOND", default=1)
SLACK_LANGUAGE = env.str("SLACK_LANGUAGE", default="ko")
# As name=secret, separated by commas; the first is where messages without a target go.
TEAMS_WEBHOOKS = env.list("TEAMS_WEBHOOKS", default=[])
TEAMS_MESSAGES_PER_SECOND = env.int("TEAMS_MESSAGES_PER_SECOND", default=2)
PAGERDUTY_ROUTING_KEYS = env.list("PAGERDUTY_ROUTING_KEYS", default=[])
PAGERDUTY_URL = env.str("PAGERDUTY_URL", default="https://events.pagerduty.com")
PAGERDUTY_EVENTS_PER_SECOND = env.int("PAGERDUTY_EVENTS_PER_SECOND", default=2)
# Where messages by mail go that name nobody. They go through SES if a region is set, else as all mail does.
NOTIFY_EMAIL = env.str("NOTIFY_EMAIL", default="")
EMAIL_MESSAGES_PER_SECOND = env.int("EMAIL_MESSAGES_PER_SECOND", default=10)
SES_REGION = env.str("SES_REGION", default="")
SES_URL = env.str("SES_URL", default="")
NOTIFY_CHANNELS = env.list("NOTIFY_CHANNELS", default=["slack"])
# Whether customers with an e-mail address are told that their complaint arrived, and the answer that a manager approved.
NOTIFY_CUSTOMERS = env.bool("NOTIFY_CUSTOMERS", default=False)
NOTIFY_TIMEOUT_SECONDS = env.float("NOTIFY_TIMEOUT_SECONDS", default=8)
NOTIFY_FIELDS = env.list("NOTIFY_FIELDS", default=["summary", "urgency", "problem_type", "system"])

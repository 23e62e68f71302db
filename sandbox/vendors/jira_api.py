"""What the Jira site answers: its REST API's routes without Flask's part, each one method."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.vendors import jira_site as site
from sandbox.vendors.jira_fields import Checker, metadata, person
from sandbox.vendors.jira_request import Answer
from sandbox.vendors.jira_search import Search
from sandbox.vendors.jira_store import JiraError
from sandbox.vendors.jira_talk import Talk


class Api(Search, Talk):
    """All of them."""

    def myself(self) -> Answer:
        return 200, {**(site.user(self.config, self.who, self.shape.root) or {}), "locale": "en_US"}

    def server_info(self) -> Answer:
        cloud = self.config.cloud
        now = datetime.fromtimestamp(self.store.now() / 1000, UTC)
        return 200, {
            "baseUrl": self.shape.base,
            "version": "1001.0.0-SNAPSHOT" if cloud else "9.12.15",
            "versionNumbers": [1001, 0, 0] if cloud else [9, 12, 15],
            "deploymentType": "Cloud" if cloud else "Server",
            "buildNumber": 100_286,
            "serverTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}{now:%z}",
            "serverTitle": "Jira",
        }

    def permissions(self) -> Answer:
        wanted = [name for name in self.args.get("permissions", "").split(",") if name]
        if self.config.cloud and not wanted:
            raise JiraError(400, "The 'permissions' query parameter is required.")
        if key := self.args.get("projectKey"):
            self.known_project(key)
        if unknown := [name for name in wanted if name not in site.PERMISSIONS]:
            raise JiraError(400, f"Unrecognized permission: {unknown[0]}")
        return 200, {
            "permissions": {
                name: {
                    "id": str(number),
                    "key": name,
                    "name": name.replace("_", " ").title(),
                    "type": "PROJECT",
                    "description": "",
                    "havePermission": name not in self.config.denied,
                }
                for number, name in enumerate(wanted or site.PERMISSIONS, 10)
            }
        }

    def projects(self) -> Answer:
        seen = [key for key in self.config.projects if key not in self.config.hidden]
        return 200, [site.project(self.config, key, self.shape.root) for key in seen]

    def project(self, id_or_key: str) -> Answer:
        key = self.known_project(id_or_key)
        types = [site.issue_type(type_id, self.shape.root) for type_id in site.TYPES]
        return 200, {**site.project(self.config, key, self.shape.root), "issueTypes": types}

    def project_statuses(self, id_or_key: str) -> Answer:
        self.known_project(id_or_key)
        statuses = [site.status(one, self.shape.root) for one in site.STATUSES]
        wanted = ("self", "id", "name", "subtask")
        types = [site.issue_type(type_id, self.shape.root) for type_id in site.TYPES]
        return 200, [{**{name: one[name] for name in wanted}, "statuses": statuses} for one in types]

    def statuses(self) -> Answer:
        return 200, [site.status(one, self.shape.root) for one in site.STATUSES]

    def listing(self, kind: str) -> Answer:
        """priority, resolution, issuetype, field"""
        root = self.shape.root
        match kind:
            case "priority":
                return 200, [site.named(site.PRIORITIES, name, root, kind) for name in site.PRIORITIES.values()]
            case "resolution":
                return 200, [site.named(site.RESOLUTIONS, name, root, kind) for name in site.RESOLUTIONS.values()]
            case "issuetype":
                return 200, [site.issue_type(type_id, root) for type_id in site.TYPES]
        metas = metadata(self.config, next(iter(self.config.projects)), "10001", root)
        return 200, [
            {
                "id": one["fieldId"],
                "key": one["fieldId"],
                "name": one["name"],
                "custom": one["fieldId"].startswith("customfield"),
                "orderable": True,
                "navigable": True,
                "searchable": True,
                "clauseNames": [one["fieldId"]],
                "schema": one["schema"],
            }
            for one in metas
        ]

    def create_types(self, id_or_key: str) -> Answer:
        self.known_project(id_or_key)
        types = [site.issue_type(type_id, self.shape.root) for type_id in site.TYPES]
        return 200, self._page("issueTypes", types)

    def create_fields(self, id_or_key: str, type_id: str) -> Answer:
        key = self.known_project(id_or_key)
        if type_id not in site.TYPES:
            raise JiraError(400, "Issue type is not valid.")
        return 200, self._page("fields", metadata(self.config, key, type_id, self.shape.root))

    def create_meta(self) -> Answer:
        """The older form, which Data Center gave up with version 9."""
        if not self.config.cloud:
            raise JiraError(404, "Issue Does Not Exist")
        keys = [key for key in self.args.get("projectKeys", "").split(",") if key] or list(self.config.projects)
        found = []
        for key in keys:
            if (known := site.find_project(self.config, key)) is not None:
                types = [self._with_fields(known, type_id) for type_id in site.TYPES]
                shown = {**site.project(self.config, known, self.shape.root), "issuetypes": types}
                del shown["projectTypeKey"]
                found.append(shown)
        return 200, {"expand": "projects", "projects": found}

    def _with_fields(self, key: str, type_id: str) -> dict[str, Any]:
        shown = site.issue_type(type_id, self.shape.root)
        if "projects.issuetypes.fields" in self.args.get("expand", ""):
            fields = metadata(self.config, key, type_id, self.shape.root)
            shown["fields"] = {one.pop("fieldId"): one for one in fields}
        return shown

    def _page(self, name: str, items: list[Any]) -> dict[str, Any]:
        start, most = self.number("startAt", 0), self.number("maxResults", 50)
        name = name if self.config.cloud else "values"
        page = {name: items[start : start + most], "maxResults": most, "startAt": start, "total": len(items)}
        return page if self.config.cloud else {**page, "isLast": start + most >= len(items)}

    # --- issues -----------------------------------------------------------------------------------------------------
    def create(self) -> Answer:
        values = Checker(self.config, self.version).for_creation(self.body.get("fields"))
        properties = {item["key"]: item["value"] for item in self.body.get("properties") or []}
        issue = self.store.create(self.who, {**values, "properties": properties})
        return 201, {"id": issue.id, "key": issue.key, "self": f"{self.shape.root}/issue/{issue.id}"}

    def read(self, id_or_key: str) -> Answer:
        issue = self.store.find(id_or_key)
        names = [name for name in self.args.get("properties", "").split(",") if name]
        wanted = list(issue.properties) if names == ["*all"] else names
        return 200, self.shape.issue(issue, self.wanted_fields(self.args.get("fields")), properties=wanted)

    def edit(self, id_or_key: str) -> Answer:
        issue = self.store.find(id_or_key)
        self.need("EDIT_ISSUES")
        checker = Checker(self.config, self.version)
        self.store.change(
            issue, self.who, **checker.for_editing(self.body.get("fields"), self.body.get("update"), issue)
        )
        return 204, None

    def delete(self, id_or_key: str) -> Answer:
        self.store.delete(self.store.find(id_or_key), self.who)
        return 204, None

    def assign(self, id_or_key: str) -> Answer:
        self.store.change(self.store.find(id_or_key), self.who, assignee=person(self.body))
        return 204, None

    def transitions(self, id_or_key: str) -> Answer:
        issue = self.store.find(id_or_key)
        with_fields = "transitions.fields" in self.args.get("expand", "")
        found = []
        for number, name, before, to, asks, _ in site.TRANSITIONS:
            if issue.status in before:
                shown: dict[str, Any] = {"id": number, "name": name, "to": site.status(to, self.shape.root)}
                if with_fields:
                    shown["fields"] = {"resolution": self._resolution_field()} if asks else {}
                found.append(shown)
        return 200, {"expand": "transitions", "transitions": found}

    def transition(self, id_or_key: str) -> Answer:
        issue = self.store.find(id_or_key)
        self.need("TRANSITION_ISSUES")
        wanted = str((self.body.get("transition") or {}).get("id", ""))
        found = next((one for one in site.TRANSITIONS if one[0] == wanted and issue.status in one[2]), None)
        if found is None:
            raise JiraError(400, f"Transition id '{wanted}' is not valid for this issue.")
        given = ((self.body.get("fields") or {}).get("resolution") or {}).get("name")
        if given is not None and given not in site.RESOLUTIONS.values():
            raise JiraError(400, errors={"resolution": f"The resolution '{given}' is not valid."})
        self.store.move(issue, self.who, found[3], given or found[5])
        return 204, None

    def _resolution_field(self) -> dict[str, Any]:
        root = self.shape.root
        values = [site.named(site.RESOLUTIONS, name, root, "resolution") for name in site.RESOLUTIONS.values()]
        schema = {"type": "resolution", "system": "resolution"}
        return {
            "required": False, "schema": schema, "name": "Resolution", "key": "resolution", "operations": ["set"],
            "allowedValues": values,
        }  # fmt: skip

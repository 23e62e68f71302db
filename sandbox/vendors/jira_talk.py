"""What hangs on an issue of the Jira site: comments, remote links and properties."""

from __future__ import annotations

from typing import Any

from sandbox.vendors.jira_request import Answer, Request
from sandbox.vendors.jira_store import JiraError


class Talk(Request):
    """The routes of comments, remote links and properties."""

    def comments(self, id_or_key: str) -> Answer:
        issue = self.store.find(id_or_key)
        start, most = self.number("startAt", 0), self.number("maxResults", 100)
        newest = self.args.get("orderBy") == "-created"
        ordered = sorted(issue.comments, key=lambda one: int(one.id), reverse=newest)
        properties = "properties" in self.args.get("expand", "")
        shown = [self.shape.comment(issue, one, properties=properties) for one in ordered[start : start + most]]
        return 200, {"comments": shown, "maxResults": most, "startAt": start, "total": len(ordered)}

    def comment(self, id_or_key: str, comment_id: str) -> Answer:
        issue = self.store.find(id_or_key)
        properties = "properties" in self.args.get("expand", "")
        return 200, self.shape.comment(issue, self.store.comment(issue, comment_id), properties=properties)

    def add_comment(self, id_or_key: str) -> Answer:
        issue = self.store.find(id_or_key)
        self.need("ADD_COMMENTS")
        properties = {item["key"]: item["value"] for item in self.body.get("properties") or []}
        comment = self.store.add_comment(issue, self.who, self.comment_body(), properties)
        return 201, self.shape.comment(issue, comment)

    def edit_comment(self, id_or_key: str, comment_id: str) -> Answer:
        issue = self.store.find(id_or_key)
        comment = self.store.comment(issue, comment_id)
        self.store.edit_comment(issue, self.who, comment, self.comment_body())
        return 200, self.shape.comment(issue, comment)

    def delete_comment(self, id_or_key: str, comment_id: str) -> Answer:
        issue = self.store.find(id_or_key)
        self.store.delete_comment(issue, self.who, self.store.comment(issue, comment_id))
        return 204, None

    def comment_property(self, comment_id: str, name: str) -> Answer:
        comment = self.store.comment_anywhere(comment_id)
        if name not in comment.properties:
            raise JiraError(404, f"The property with key '{name}' does not exist.")
        return 200, {"key": name, "value": comment.properties[name]}

    def links(self, id_or_key: str) -> Answer:
        links = [self._shown(id_or_key, link) for link in self.store.find(id_or_key).links]
        if wanted := self.args.get("globalId"):
            found = [link for link in links if link.get("globalId") == wanted]
            if not found:
                raise JiraError(404, "The remote issue link does not exist.")
            return 200, found[0]
        return 200, links

    def add_link(self, id_or_key: str) -> Answer:
        issue = self.store.find(id_or_key)
        self.need("LINK_ISSUES")
        target = self.body.get("object") or {}
        wrong = {name: f"'{name}' is required." for name in ("url", "title") if not target.get(name)}
        if wrong:
            raise JiraError(400, errors=wrong)
        known = ("globalId", "application", "relationship", "object")
        link, new = self.store.link(issue, {name: self.body[name] for name in known if name in self.body})
        return (201 if new else 200), {"id": link["id"], "self": self._shown(id_or_key, link)["self"]}

    def remove_link(self, id_or_key: str) -> Answer:
        issue = self.store.find(id_or_key)
        issue.links = [link for link in issue.links if link.get("globalId") != self.args.get("globalId")]
        return 204, None

    def _shown(self, id_or_key: str, link: dict[str, Any]) -> dict[str, Any]:
        return {"self": f"{self.shape.root}/issue/{id_or_key}/remotelink/{link['id']}", **link}

    def properties(self, id_or_key: str) -> Answer:
        issue = self.store.find(id_or_key)
        root = f"{self.shape.root}/issue/{issue.id}/properties"
        return 200, {"keys": [{"self": f"{root}/{name}", "key": name} for name in issue.properties]}

    def issue_property(self, id_or_key: str, name: str) -> Answer:
        issue = self.store.find(id_or_key)
        if name not in issue.properties:
            raise JiraError(404, f"The property with key '{name}' does not exist.")
        return 200, {"key": name, "value": issue.properties[name]}

    def set_property(self, id_or_key: str, name: str, value: Any) -> Answer:
        issue = self.store.find(id_or_key)
        new = name not in issue.properties
        issue.properties[name] = value
        return (201 if new else 200), None

"""Every sentence that the offline analyst writes, Korean and English side by side."""

import re

from llm.offline.language import Language

Pair = tuple[str, str]

_PARTICLE = re.compile(r"(?P<before>\w)(?P<marks>[^\w\s]*)(?P<particle>이\(가\)|을\(를\)|은\(는\))")
_PARTICLES = {"이(가)": ("이", "가"), "을(를)": ("을", "를"), "은(는)": ("은", "는")}


def say(language: Language, pair: Pair, /, **values: object) -> str:
    """The sentence in the complaint's language, filled in, Korean particles fitted to what stands before them."""
    if language == "en":
        return pair[1].format(**values)
    return _PARTICLE.sub(_fitted, pair[0].format(**values))


def _fitted(match: re.Match[str]) -> str:
    after_consonant, after_vowel = _PARTICLES[match["particle"]]
    closed = _ends_in_consonant(match["before"])
    return match["before"] + match["marks"] + (after_consonant if closed else after_vowel)


def _ends_in_consonant(char: str) -> bool:
    """As Koreans read it: a syllable with a final, a digit (0, 1, 3, 6, 7, 8), l, m, n or ng at the end of a Latin word."""
    if "가" <= char <= "힣":
        return (ord(char) - ord("가")) % 28 != 0
    return char.lower() in "013678lmng"


TYPE_NAMES: dict[str, Pair] = {
    "integration_error": ("외부 연동 오류", "external system failed"),
    "code_error": ("자체 코드 오류", "our bug"),
    "business_improvement": ("정책·사용성 개선", "policy or usability"),
}
PATTERN_NONE: Pair = ("오류", "an error")

WHY: dict[str, Pair] = {
    "failure": ("고객 불만과 일치하는 실패: {title}", "The failure that fits the complaint: {title}"),
    "cause": ("근본 원인: {title}", "The root cause: {title}"),
    "effect": ("그 결과로 우리 쪽에서 발생: {title}", "What it led to in our code: {title}"),
    "again": ("같은 사건의 다른 기록", "Another line of the same incident"),
    "place": ("오류가 난 위치", "Where it broke"),
    "quiet": ("정상 동작 기록: 이 무렵 실패가 없음", "Ordinary operation: nothing failed at the time"),
}

RULED_OUT: dict[str, Pair] = {
    "quiet integration": (
        "{name}: {system} 로그 {count}건에 고객 불만과 관련된 외부 시스템의 시간 초과나 오류 응답이 없습니다.",
        "{name}: {count} lines of {system} show no timeout or error of an external system that fits the complaint.",
    ),
    "quiet code": (
        "{name}: {system} 로그 {count}건에 고객 불만과 관련된 예외나 오류가 없습니다.",
        "{name}: {count} lines of {system} show no exception or error that fits the complaint.",
    ),
    "no wish": (
        "{name}: 개선 요청이 아니라 동작하지 않는다는 내용입니다.",
        "{name}: the customer reports a failure, not a wish.",
    ),
    "failing logs": (
        "{name}: 로그에 실제 실패가 남아 있어 단순한 개선 요청이 아닙니다.",
        "{name}: the logs show a real failure, so it is no mere wish.",
    ),
    "no exception of ours": (
        "{name}: {system} 로그에 이 사건과 관련된 우리 코드의 예외나 스택 트레이스가 없습니다.",
        "{name}: the logs of {system} hold no exception or stack trace of our own code for this incident.",
    ),
    "no partner": (
        "{name}: 이 사건에 외부 시스템의 시간 초과, 오류 응답, 연결 실패가 없습니다. 오류는 우리 쪽에서 났습니다.",
        "{name}: no timeout, error answer or lost connection of an external system belongs to it; it broke "
        "on our side.",
    ),
    "words": (
        "고객의 표현은 '{suspected}' 쪽이지만 로그가 다르게 말합니다. 로그를 우선했습니다.",
        'The customer\'s words point to "{suspected}"; the logs say otherwise, and they come first.',
    ),
    "other incident": (
        '다른 사건: {service}의 {title} ({at}, "{quote}")은 시각이나 내용이 고객 불만과 덜 맞습니다.',
        'Another incident: {title} in {service} ({at}, "{quote}") fits the complaint less by time or subject.',
    ),
}

EVIDENCE: dict[str, Pair] = {
    "incident": (
        "{service} 로그에서 {title} {count}건을 확인했습니다 ({first} ~ {last}).",
        "The logs of {service} show {title}, {count} line(s), {first} to {last}.",
    ),
    "effect": (
        "이어서 우리 코드에서 {title}이(가) 발생했습니다.",
        "It was followed by {title} in our code.",
    ),
    "wish": (
        "{system} 로그 {count}건에 관련 실패가 없고, 고객의 말은 분명한 개선 요청입니다.",
        "{count} lines of {system} show no failure that fits, and the complaint is a clear wish.",
    ),
    "nothing": (
        "{system} 로그 {count}건에 고객 불만을 설명할 기록이 없습니다.",
        "{count} lines of {system} hold nothing that explains the complaint.",
    ),
    "none": (
        "이 고객 불만과 연결할 수 있는 로그가 없습니다.",
        "There are no logs that can be tied to this complaint.",
    ),
}
RECENT_INCIDENT: Pair = (
    "시스템 목록의 최근 사건: {system} - {incident}.",
    "Recent incident in the catalogue: {system}, {incident}.",
)
LOG_SUMMARY: Pair = (
    "로그 {count}건 ({services}; {levels}), {first} ~ {last}.",
    "{count} log lines ({services}; {levels}), {first} to {last}.",
)
NO_LOGS: Pair = ("조회된 로그가 없습니다.", "No log lines were found.")
REPEATED: Pair = ("반복되는 오류: {patterns}.", "Repeated failures: {patterns}.")
NO_SOURCE: Pair = ("응답하지 않은 로그 시스템: {names}.", "Log systems that did not answer: {names}.")

ROOT_CAUSE: dict[str, Pair] = {
    "integration": (
        "{service}이(가) 외부 시스템 {partner}을(를) 호출하는 중 {title}이(가) 발생했습니다 ({count}건, "
        "마지막 {last}). {words} 고객이 겪은 증상과 일치합니다.",
        "{service} met {title} while it called the external system {partner} ({count} line(s), last at "
        "{last}). {words} That fits what the customer describes.",
    ),
    "external": (
        "외부 시스템 {partner}에서 {title}이(가) 발생했습니다 ({count}건, 마지막 {last}). {words} 고객이 겪은 "
        "증상과 일치합니다.",
        "The external system {partner} failed with {title} ({count} line(s), last at {last}). {words} That "
        "fits what the customer describes.",
    ),
    "code effect": (
        "근본 원인은 외부 시스템이지만, 우리 코드가 그 실패를 처리하지 못했습니다{place}.",
        "The root cause lies outside, but our code did not handle the failure{place}.",
    ),
    "code": (
        "{service}의 우리 코드에서 {title}이(가) 발생했습니다{place} ({count}건, 마지막 {last}).",
        "Our own code in {service} failed with {title}{place} ({count} line(s), last at {last}).",
    ),
    "wish": (
        '시스템은 정상 동작했습니다. 고객은 {system}의 {category} 개선을 원합니다: "{summary}"',
        'The system worked as built. The customer asks for an improvement of {system} ({category}): "{summary}"',
    ),
    "unknown": (
        "로그에서 원인을 찾지 못했습니다. 고객의 표현만으로 추정했으므로 사람의 확인이 필요합니다.",
        "The logs do not show a cause. This is a guess from the customer's words; a person has to look at it.",
    ),
}
PLACE: Pair = (" (위치 {place})", " (at {place})")
SAYS: Pair = ('로그: "{quote}".', 'The log says: "{quote}".')
SUMMARY: dict[str, Pair] = {
    "incident": ("{title}: {service}", "{title} in {service}"),
    "wish": ("{category} 개선 요청: {system}", "Wish about {system}: {category}"),
    "unknown": ("원인 불명: {system}", "Cause unknown: {system}"),
}
UNKNOWN_SYSTEM: Pair = ("시스템 미상", "an unknown system")

"""The wording of proposals, Korean and English: inquiries, directions for fixes, improvements."""

import re
from dataclasses import dataclass

from llm.offline.texts import Pair

FAILURE: Pair = ("장애", "a failure")
NO_CONTACT: Pair = (
    "시스템 목록에 담당자가 없습니다. {partner} 운영사에 확인하세요.",
    "No contact in the catalogue; ask whoever runs {partner}.",
)
INQUIRY_TITLE: Pair = ("{partner} 문의: {title}", "Ask {partner} about: {title}")
INQUIRY: Pair = (
    "{service}에서 {partner} 호출이 실패했습니다({title}). 아래 메일 초안으로 담당자에게 원인과 재발 "
    "방지책을 문의하고, 그동안 재시도와 고객 안내를 검토하세요.",
    "Calls from {service} to {partner} failed ({title}). Send the draft below to ask for the cause and a "
    "remedy; meanwhile consider retries and a notice to customers.",
)
ALSO_CODE: Pair = (
    "우리 코드{place}도 이 실패를 안전하게 처리하도록 고쳐야 합니다.",
    "Our own code{place} should handle that failure as well.",
)
MAIL_SUBJECT: Pair = ("[확인 요청] {partner} 연동 장애: {title}", "[Please check] {partner}: {title}")
MAIL_BODY: Pair = (
    "안녕하세요, {partner} 담당자님.\n\n"
    "당사 {service}에서 귀사 시스템({peer}) 연동 중 다음 장애가 확인되어 문의드립니다.\n\n"
    "- 현상: {title}\n- 발생: {first} ~ {last}, {count}건\n\n"
    "당사 로그:\n{lines}\n\n"
    "다음 사항을 확인해 주시기 바랍니다.\n"
    "1. 해당 시간대 귀사 시스템의 장애 또는 점검 여부와 원인\n2. 현재 정상화 여부\n3. 미확정 거래나 "
    "요청의 처리 상태\n4. 재발 방지 대책\n\n"
    "감사합니다.",
    "Dear {partner} team,\n\n"
    "our {service} met the following failure while using your system ({peer}).\n\n"
    "- What: {title}\n- When: {first} to {last}, {count} line(s)\n\n"
    "From our logs:\n{lines}\n\n"
    "Could you please tell us\n"
    "1. whether there was an outage or maintenance on your side, and its cause,\n2. whether it is resolved,\n"
    "3. the state of requests or transactions left undecided,\n4. what will keep it from happening again.\n\n"
    "Kind regards",
)
MAIL_WITHOUT_LOGS: Pair = (
    "안녕하세요, {partner} 담당자님.\n\n당사 {service} 이용 고객이 장애를 알려 왔으나 당사 로그에는 "
    "기록이 없습니다. 최근 24시간 동안 귀사 시스템의 장애나 점검이 있었는지 확인 "
    "부탁드립니다.\n\n감사합니다.",
    "Dear {partner} team,\n\na customer of our {service} reported a failure that our own logs do not "
    "show. Could you please check whether there was an outage or maintenance on your side in the last 24 "
    "hours?\n\nKind regards",
)
IMPACT: dict[str, Pair] = {
    "high": (
        "결제 실패나 금전 손실로 이어질 수 있어 매출과 신뢰에 바로 영향을 줍니다 ({system}).",
        "Payments fail or money is at stake: it costs revenue and trust right away ({system}).",
    ),
    "medium": (
        "고객이 {system}의 기능을 이용하지 못합니다.",
        "Customers cannot use a function of {system}.",
    ),
    "low": ("이용에 지장은 없습니다 ({system}).", "Nobody is kept from using {system}."),
}

FIX_TITLE: Pair = ("{where} 수정: {title}", "Fix {where}: {title}")
FIX: Pair = (
    "{service}에서 {title}이(가) {count}건 기록되었습니다. {place}부터 확인하세요.",
    "{service} logged {title} {count} time(s). Start at {place}.",
)
FIX_ANY: tuple[Pair, Pair] = (
    ("{place}에서 실패 조건을 재현하고 처리하세요.", "Reproduce the failing condition at {place} and handle it."),
    (
        "로그의 입력으로 실패하는 테스트를 먼저 작성하고 수정한 뒤, 같은 경로의 다른 호출도 확인하세요.",
        "Write a failing test from the logged input first, fix it, then check other callers of the same path.",
    ),
)
FIXES: dict[str, tuple[Pair, Pair]] = {
    "null": (
        ("{place}에서 값이 없을 수 있는 경우를 처리하세요.", "Handle the value that may be missing at {place}."),
        (
            "값이 왜 비는지(데이터, 조회 조건, 초기화 순서) 확인하고, 경계에서 검증하며, 값이 없는 경우의 "
            "테스트를 추가하세요.",
            "Find out why it is missing (data, query, order of initialisation), check it at the boundary, and "
            "add a test for the missing case.",
        ),
    ),
    "index": (
        ("{place}에서 빈 목록과 경계 값을 처리하세요.", "Handle empty lists and bounds at {place}."),
        (
            "마지막 항목 삭제나 빈 결과를 재현하는 테스트를 추가하고 첨자 접근 전에 크기를 확인하세요.",
            "Add a test for the empty result or the last item removed, and check the size before indexing.",
        ),
    ),
    "missing_key": (
        (
            "{place}에서 참조하는 이름과 실제 데이터를 맞추세요.",
            "Bring the name used at {place} in line with the data.",
        ),
        (
            "최근 이름이 바뀐 필드나 배포를 확인하고, 없을 때의 기본값 또는 명확한 오류를 정하세요.",
            "Look for a renamed field or a recent release, and decide on a default or a clear error when it is absent.",
        ),
    ),
    "type": (
        ("{place}에 들어오는 값의 형식을 맞추세요.", "Make the types that reach {place} agree."),
        (
            "값이 만들어지는 곳에서 변환하고, 형식이 다른 입력의 테스트를 추가하세요.",
            "Convert where the value is made, and add a test with the other type.",
        ),
    ),
    "parse": (
        ("{place}에서 해석할 수 없는 입력을 처리하세요.", "Handle input that cannot be parsed at {place}."),
        (
            "내용 형식과 빈 본문을 먼저 확인하고, 해석 실패를 구분된 오류로 돌려주세요.",
            "Check content type and empty bodies first, and turn a parse failure into an error of its own.",
        ),
    ),
    "value": (
        ("{place}의 값 변환 규칙을 바로잡으세요.", "Correct the conversion at {place}."),
        (
            "로그의 값으로 실패하는 테스트를 만들고, 앞자리 0, 빈 값, 지역 형식을 함께 확인하세요.",
            "Make a failing test from the logged value; cover leading zeros, blanks and local formats too.",
        ),
    ),
    "sql": (
        ("{place}의 질의 또는 제약 위반을 해결하세요.", "Resolve the query or constraint violation at {place}."),
        (
            "중복 요청, 스키마 변경, 값 길이를 확인하고 제약 위반을 사용자에게 알맞은 응답으로 바꾸세요.",
            "Check for repeated requests, schema changes and lengths, and turn the violation into a fitting answer.",
        ),
    ),
    "deadlock": (
        ("{place}의 잠금 순서와 트랜잭션 범위를 줄이세요.", "Shorten transactions and order the locks at {place}."),
        (
            "잠금 순서를 통일하고, 교착 시 재시도를 추가하세요.",
            "Take locks in one order everywhere and retry on deadlock.",
        ),
    ),
    "pool_exhausted": (
        (
            "연결 누수와 풀 크기를 확인하세요 ({place}).",
            "Look for leaked connections and the size of the pool ({place}).",
        ),
        (
            "느린 질의와 반환되지 않는 연결을 찾고, 풀 지표에 경보를 거세요.",
            "Find slow queries and connections that are not returned, and alert on the pool's metrics.",
        ),
    ),
    "out_of_memory": (
        ("메모리를 많이 쓰는 처리를 나누세요 ({place}).", "Split the work that takes the memory ({place})."),
        (
            "힙 덤프로 원인을 확인하고 페이지 처리나 스트리밍으로 바꾸며 한도를 검토하세요.",
            "Take a heap dump, process in pages or streams, and review the limit.",
        ),
    ),
    "validation": (
        (
            "정상 입력을 거부하는 검증 규칙을 고치세요 ({place}).",
            "Correct the rule that refuses valid input ({place}).",
        ),
        (
            "최근 바뀐 규칙을 되돌리거나 고치고, 거부된 실제 입력 형식을 테스트에 넣으세요.",
            "Revert or mend the rule that changed lately, and put the refused inputs into its tests.",
        ),
    ),
    "wrong_result": (
        (
            "{place}의 계산 또는 중복 처리 방지를 바로잡으세요.",
            "Correct the calculation or the guard against doubles at {place}.",
        ),
        (
            "로그의 값으로 계산을 재현하고, 멱등 키나 잠금을 확인하며, 영향을 받은 건을 찾아 정정하세요.",
            "Reproduce it with the logged values, check idempotency keys and locks, and find and correct what "
            "was affected.",
        ),
    ),
    "rendering": (
        ("템플릿과 전달되는 데이터를 맞추세요 ({place}).", "Bring the template in line with its data ({place})."),
        (
            "실패 시 빈 내용이 나가지 않게 막고, 템플릿마다 렌더링 테스트를 추가하세요.",
            "Never send or show empty content on failure, and add a rendering test for each template.",
        ),
    ),
    "configuration": (
        ("최근 배포와 설정을 확인하세요 ({place}).", "Check the recent release and its configuration ({place})."),
        (
            "직전 버전과 설정을 비교하고 필요하면 되돌린 뒤, 부팅 시 설정 검사를 추가하세요.",
            "Compare with the version before, roll back if need be, and check the setting at boot.",
        ),
    ),
    "our_request_refused": (
        (
            "상대 시스템에 보내는 요청을 규격에 맞추세요 ({place}).",
            "Make our request conform to the partner's interface ({place}).",
        ),
        (
            "거부된 항목의 형식과 필수 값을 규격과 비교하고, 계약 테스트를 추가하세요.",
            "Compare the refused field with the interface description and add a contract test.",
        ),
    ),
    "assertion": (
        ("{place}에서 예상하지 못한 상태를 처리하세요.", "Handle the state at {place} that was not expected."),
        (
            "그 상태로 이르는 경로를 찾고, 새 값이나 전이가 추가된 곳을 확인한 뒤 테스트를 추가하세요.",
            "Find the path that leads there, look for values or transitions added lately, and add a test.",
        ),
    ),
}

PROPOSAL: Pair = (
    '{system}은(는) 정상 동작합니다. 고객 의견: "{summary}"',
    '{system} works as built. The customer says: "{summary}"',
)
POLICY = re.compile(
    r"정책|수수료|약관|규정|요금|비싸|환불\s?기간|무료\s?배송|기준|\bpolic(?:y|ies)\b|\bfees?\b|\bterms\b|"
    r"\bconditions\b|expensive|free (?:shipping|delivery|returns?)|deadline|minimum (?:order|amount)"
)
STAKEHOLDERS: tuple[Pair, ...] = (
    ("서비스 기획", "product management"),
    ("UX 디자인", "UX design"),
    ("고객지원", "customer support"),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    category: Pair
    title: Pair
    pattern: Pair
    proposal: Pair
    impact: Pair


PROPOSALS: dict[str, Proposal] = {
    "discoverability": Proposal(
        ("찾기 어려움", "discoverability"),
        ("{system}: 메뉴와 버튼을 찾기 쉽게", "{system}: make the function easier to find"),
        (
            "기능은 있으나 고객이 찾지 못해 헤매거나 고객센터에 문의합니다.",
            "The function exists, but customers do not find it and turn to support.",
        ),
        (
            "고객이 실제로 지나간 화면에 해당 버튼이나 메뉴를 드러내고, 이름과 위치를 사용자 검증으로 정하세요.",
            "Put the button or menu on the pages that customers really visit, and settle name and place with "
            "user tests.",
        ),
        (
            "고객센터 문의와 이탈이 줄어듭니다.",
            "Fewer calls to support and fewer customers who give up.",
        ),
    ),
    "usability": Proposal(
        ("사용성", "usability"),
        ("{system}: 이용 절차 간소화", "{system}: simplify the steps"),
        (
            "동작은 하지만 단계가 많거나 번거로워 고객이 불편을 느낍니다.",
            "It works, but takes too many or tiresome steps.",
        ),
        (
            "불필요한 단계와 중복 입력을 줄이고 기본값을 제공하세요.",
            "Remove needless steps and repeated input, and offer sensible defaults.",
        ),
        ("완료율이 오르고 불만이 줄어듭니다.", "More customers finish, fewer complain."),
    ),
    "policy": Proposal(
        ("정책", "policy"),
        ("{system}: 정책 검토", "{system}: review the policy"),
        ("정책이나 비용에 대한 고객 불만입니다.", "Customers object to a policy or a cost."),
        (
            "경쟁사와 비용을 비교해 기준을 검토하고, 유지한다면 이유를 화면에서 설명하세요.",
            "Review the rule against cost and competitors; if it stays, explain it where customers meet it.",
        ),
        ("정책에 대한 이해와 만족이 높아집니다.", "Customers understand and accept the rule better."),
    ),
    "feature": Proposal(
        ("기능 요청", "feature request"),
        ("{system}: 기능 추가 검토", "{system}: consider a new function"),
        (
            "고객이 지금은 없는 기능이나 선택지를 원합니다.",
            "Customers want a function or a choice that does not exist yet.",
        ),
        (
            "같은 요청의 수와 구현 비용을 따져 우선순위를 정하고, 고객에게 결과를 알리세요.",
            "Weigh how often it is asked for against its cost, set its priority, and tell the customer.",
        ),
        ("만족도와 재구매가 높아집니다.", "Happier customers who come back."),
    ),
    "unclear": Proposal(
        ("내용 불명확", "unclear"),
        ("{system}: 고객에게 구체적인 내용 확인", "{system}: ask the customer for details"),
        ("불편의 내용이 구체적이지 않습니다.", "It is not clear what the customer objects to."),
        (
            "화면, 시각, 하려던 일을 고객에게 물어보세요.",
            "Ask for the page, the time and what the customer wanted to do.",
        ),
        ("원인을 판단할 수 있게 됩니다.", "It becomes possible to tell the cause."),
    ),
}

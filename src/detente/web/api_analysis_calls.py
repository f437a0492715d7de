"""The calls of the API that work something out: where a pair stands, its series, alerts, forecasts. What they do stands in ``api_analysis`` and ``api_forecast``."""

from __future__ import annotations

from detente.web.api_call import AT, CURSOR, LIMIT, ORIGIN, PAIR, SINCE, UNTIL, Call, Parameter, Table, lazy
from detente.web.api_records import MOST_DAYS, AlertPage, FoundAlerts, Series, Training, Wanted

_MODULE, _FORECAST = "detente.web.api_analysis", "detente.web.api_forecast"
PERIODS = ("day", "week", "month")
MOST_ALERT_DAYS = 365
LEAST_SCORE, MOST_SCORE = 0, 20
KINDS, SCORES = ("event_type", "quad", "rung"), ("intensity", "goldstein")

_SERIES = (
    Parameter("by", "The length of a period; a week begins on Monday.", "choice", PERIODS, default="week"),
    Parameter("kind", "A row for each type, quad class or rung of a period.", "choice", KINDS),
    Parameter("per_side", "A row for each side: `a` for what the first did, `b` for the second.", "switch"),
    Parameter("score", "Which score is summed: PLOVER's intensity or Goldstein's.", "choice", SCORES, default="intensity"),
)
_SERIES_COLUMNS = (
    ("period", "date"),
    ("side", "text"),
    ("kind", "text"),
    ("is_whole", "truth"),
    ("events", "integer"),
    ("score_sum", "number"),
    ("score_mean", "number"),
    ("volume", "integer"),
    ("share", "number"),
    ("corrected", "number"),
    ("score_corrected", "number"),
)
_ALERT_COLUMNS = (
    ("alert_id", "text"),
    ("raised_at", "text"),
    ("kind", "text"),
    ("also", "texts"),
    ("a", "text"),
    ("b", "text"),
    ("day", "date"),
    ("score", "number"),
    ("rung", "integer"),
    ("before", "number"),
    ("after", "number"),
    ("what", "text"),
    ("event_ids", "texts"),
)
_DYAD = Parameter("dyad", "Only this pair's: PRK-KOR.")
_TARGET = Parameter("target", "`conflict`, a type (ASSAULT), `quad:3`, or `rung:4` for it or higher. By default each quad class.", many=True)
CALLS = (
    Call(
        "GET",
        "/dyads/{pair:path}/situation",
        "readSituation",
        "The situation of a pair",
        "Where two parties stand at a day: rung, direction, stage, crises, who answers whom, precedents, alerts, ties and claims. `events` holds each event that some part names.",
        lazy(f"{_MODULE}:read_situation"),
        "detente.analysis.situation:SituationRecord",
        "dyads",
        (PAIR, AT, ORIGIN),
    ),
    Call(
        "GET",
        "/dyads/{pair:path}/series",
        "readSeries",
        "The series of a pair",
        "Events and their scores by period, beside what they would be had each period the mean volume of reports.",
        lazy(f"{_MODULE}:read_series"),
        Series,
        "dyads",
        (PAIR, AT, SINCE, *_SERIES, ORIGIN),
        table=Table("series", lambda _: _SERIES_COLUMNS, lazy(f"{_MODULE}:walk_series")),
    ),
    Call(
        "GET",
        "/alerts",
        "listAlerts",
        "Alerts that were raised",
        "The alerts that `detente watch` raised, the latest first. `since` and `until` are days of the events, not of the raising.",
        lazy(f"{_MODULE}:read_alerts"),
        AlertPage,
        "alerts",
        (_DYAD, SINCE, UNTIL, LIMIT, CURSOR),
        table=Table("alerts", lambda _: _ALERT_COLUMNS, lazy(f"{_MODULE}:walk_alerts")),
    ),
    Call(
        "GET",
        "/alerts/found",
        "findAlerts",
        "Alerts worked out now",
        "Alerts worked out of the events, the highest score first: of the pairs that conflict most in these days, `pairs_seen` of `pairs`; `detente alerts` looks at all.",
        lazy(f"{_MODULE}:find_now"),
        FoundAlerts,
        "alerts",
        (
            AT,
            Parameter("days", "Of so many days up to `at`.", "number", least=1, most=MOST_ALERT_DAYS, default=14),
            Parameter("least_score", "At least this score.", "number", least=LEAST_SCORE, most=MOST_SCORE, default=LEAST_SCORE),
            LIMIT,
        ),
    ),
    Call(
        "GET",
        "/dyads/{pair:path}/forecast",
        "readForecast",
        "The forecast of a pair",
        "What two countries may do in the next days, each way: probabilities beside baselines, how good such forecasts were, what moved them, and precedents. No model is trained: where one is not there, the answer is 409, and a POST has it trained.",
        lazy(f"{_FORECAST}:read_forecast"),
        "detente.forecasting.forecast:ForecastRecord",
        "dyads",
        (
            PAIR,
            AT,
            _TARGET,
            Parameter("within", f"Days that are forecast, 1 to {MOST_DAYS}. By default 1, 7, 30 and 90.", "number", least=1, most=MOST_DAYS, many=True),
            Parameter("if", "Suppose that this happens: `2020-06-17 PRK MOBILIZE KOR`.", many=True),
        ),
        is_kept=False,
        refuses=(409,),
    ),
    Call(
        "POST",
        "/dyads/{pair:path}/forecast",
        "trainForecast",
        "Train the models of a forecast",
        "Have the models trained that a forecast of the pair at the day needs: they hold for all pairs and all days of the month. It takes seconds for each target and number of days; the answer comes at once.",
        lazy(f"{_FORECAST}:train"),
        Training,
        "dyads",
        (PAIR,),
        takes=Wanted,
        role="code",
        status=202,
        example={"at": "2020-06-16", "target": ["conflict"], "within": [7]},
        is_logged=True,
    ),
)

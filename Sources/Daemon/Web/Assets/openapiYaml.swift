// Made by scripts/embed-page from ref/openapi.yaml: change that file, not this one.

// swift-format-ignore-file

extension PageAssets {
static let openapiYaml = ##"""
openapi: 3.1.0
info:
  title: Rima
  version: "1"
  summary: What `rima serve` measures, over HTTP.
  description: >-
    Research use only. Not a medical device. Names and units are those of samples.csv, breaths.csv and report.json (and
    `inlet_area_px`, ref/socket.md);
    a value that is not known is null or left out. Fields may be added within a version. Errors are
    `{"error": "a sentence"}`. Requests are answered for the host names `localhost`, `127.0.0.1`, `[::1]`, `web.host` and
    `web.names` only; browsers' requests from pages of other origins are refused.
  license: {name: Apache-2.0, identifier: Apache-2.0}
servers: [{url: "http://127.0.0.1:8787"}]
paths:
  /:
    get: {summary: The live page., responses: {"200": {$ref: "#/components/responses/html"}}}
  /openapi.yaml:
    get: {summary: This description., responses: {"200": {$ref: "#/components/responses/yaml"}}}
  /healthz:
    get: {summary: The process answers., responses: {"200": {$ref: "#/components/responses/text"}}}
  /readyz:
    get:
      summary: The supervisor works, its workers live, and rows can be stored.
      responses:
        "200": {$ref: "#/components/responses/text"}
        "503": {description: "What is wrong, a line each.", content: {text/plain: {schema: {type: string}}}}
  /metrics:
    get: {summary: Counters for Prometheus (text format 0.0.4)., responses: {"200": {$ref: "#/components/responses/text"}}}
  /api/v1/service:
    get:
      summary: Version, notice, and what this service allows.
      responses: {"200": {$ref: "#/components/responses/object"}}
  /api/v1/events:
    get:
      summary: The event stream as server-sent events.
      description: >-
        Every `data:` is one line of the stream (ref/socket.md). Numbered events carry an `id` that names the last number
        of each session, `clip-07:412;clip-08:12`; sent back as `Last-Event-ID` (browsers do so by themselves), the stream
        goes on after it without a gap, from the store where needed. A slow reader loses its oldest rows and gets a `gap`.
      parameters:
        - {name: session, in: query, description: "A session, `latest`, or `*` (default) for all.", schema: {type: string}}
        - {name: from_seq, in: query, description: Begin with this number; with the name of a session., schema: {type: integer, minimum: 0}}
        - {name: Last-Event-ID, in: header, schema: {type: string}}
        - {name: last_event_id, in: query, description: The same for clients that cannot set headers., schema: {type: string}}
      responses:
        "200": {description: Events., content: {text/event-stream: {schema: {type: string}}}}
        "400": {$ref: "#/components/responses/error"}
  /api/v1/trials:
    post:
      summary: What gate and network make of a picture or a clip. Nothing is kept.
      description: "`kind` is `picture` or `clip`; `shown` holds pictures of the pane (base64 JPEG) with outlines in pane pixels."
      requestBody:
        required: true
        content: {application/octet-stream: {schema: {type: string, format: binary}}}
      responses:
        "200": {$ref: "#/components/responses/object"}
        "403": {$ref: "#/components/responses/error"}
        "413": {$ref: "#/components/responses/error"}
        "422": {$ref: "#/components/responses/error"}
        "429": {$ref: "#/components/responses/error"}
  /api/v1/sessions:
    get:
      summary: All sessions, the newest first.
      parameters: [{name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 1000, default: 200}}]
      responses:
        "200":
          description: Sessions.
          content:
            application/json:
              schema:
                type: object
                required: [sessions]
                properties: {sessions: {type: array, items: {$ref: "#/components/schemas/Session"}}}
  /api/v1/sessions/{session}:
    parameters: [{$ref: "#/components/parameters/session"}]
    get:
      summary: One session; decoded = measured + rejected.
      responses:
        "200": {description: The session., content: {application/json: {schema: {$ref: "#/components/schemas/Session"}}}}
        "404": {$ref: "#/components/responses/error"}
  /api/v1/sessions/{session}/samples:
    parameters: [{$ref: "#/components/parameters/session"}]
    get:
      summary: Rows, as the stream's `sample` events have them.
      parameters:
        - {name: from_frame, in: query, schema: {type: integer, minimum: 0, default: 0}}
        - {name: to_frame, in: query, description: Not included., schema: {type: integer, minimum: 0}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 20000, default: 5000}}
      responses: {"200": {$ref: "#/components/responses/object"}, "404": {$ref: "#/components/responses/error"}}
  /api/v1/sessions/{session}/curve:
    parameters: [{$ref: "#/components/parameters/session"}]
    get:
      summary: The curve in columns of time - lowest and highest opening, and the commonest reason where nothing was measured.
      parameters:
        - {name: points, in: query, schema: {type: integer, minimum: 1, maximum: 5000, default: 1000}}
        - {name: from_s, in: query, schema: {type: number}}
        - {name: to_s, in: query, schema: {type: number}}
      responses: {"200": {$ref: "#/components/responses/object"}, "404": {$ref: "#/components/responses/error"}}
  /api/v1/sessions/{session}/breaths:
    parameters: [{$ref: "#/components/parameters/session"}]
    get:
      summary: Breaths, and what interrupts breathing.
      responses: {"200": {$ref: "#/components/responses/object"}, "404": {$ref: "#/components/responses/error"}}
  /api/v1/sessions/{session}/summary:
    parameters: [{$ref: "#/components/parameters/session"}]
    get:
      summary: Stages with their statistics, in the form of report.json; of a running session, as far as it is.
      responses: {"200": {$ref: "#/components/responses/object"}, "404": {$ref: "#/components/responses/error"}}
  /api/v1/sessions/{session}/marks:
    parameters: [{$ref: "#/components/parameters/session"}]
    get:
      summary: Stage marks, those that were replaced included.
      responses: {"200": {$ref: "#/components/responses/object"}, "404": {$ref: "#/components/responses/error"}}
    post:
      summary: A stage begins now, in a running session.
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [label], properties: {label: {type: string, minLength: 1, maxLength: 64}}}
      responses:
        "200": {$ref: "#/components/responses/object"}
        "400": {$ref: "#/components/responses/error"}
        "403": {$ref: "#/components/responses/error"}
        "409": {$ref: "#/components/responses/error"}
  /api/v1/sessions/{session}/stages:
    parameters: [{$ref: "#/components/parameters/session"}]
    put:
      summary: Puts other stages in the place of those that hold, in a finished session. No frame is measured again.
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [stages]
              properties:
                stages:
                  type: array
                  minItems: 1
                  maxItems: 100
                  items:
                    type: object
                    required: [label, t_s]
                    properties:
                      label: {type: string, minLength: 1, maxLength: 64}
                      t_s: {type: number, minimum: 0, description: Seconds from the recording's start.}
      responses:
        "200": {$ref: "#/components/responses/object"}
        "400": {$ref: "#/components/responses/error"}
        "403": {$ref: "#/components/responses/error"}
        "409": {$ref: "#/components/responses/error"}
  /api/v1/sessions/{session}/picture:
    parameters: [{$ref: "#/components/parameters/session"}]
    get:
      summary: The newest frame of a running session - its pane as base64 JPEG, its outline in pane pixels.
      responses: {"200": {$ref: "#/components/responses/object"}, "404": {$ref: "#/components/responses/error"}}
  /api/v1/sessions/{session}/picture.jpg:
    parameters: [{$ref: "#/components/parameters/session"}]
    get:
      summary: The same as one JPEG, with the outline drawn in.
      parameters: [{name: outline, in: query, description: "`0` leaves the outline out.", schema: {type: string}}]
      responses: {"200": {$ref: "#/components/responses/jpeg"}, "404": {$ref: "#/components/responses/error"}}
  /api/v1/sessions/{session}/frames/{frame}.jpg:
    parameters:
      - {$ref: "#/components/parameters/session"}
      - {name: frame, in: path, required: true, schema: {type: integer, minimum: 0}}
      - {name: outline, in: query, schema: {type: string}}
    get:
      summary: One frame, read from the recording, pane only, with its stored outline unless `outline=0`.
      responses:
        "200": {$ref: "#/components/responses/jpeg"}
        "404": {$ref: "#/components/responses/error"}
        "429": {$ref: "#/components/responses/error"}
  /api/v1/sessions/{session}/report.html:
    parameters: [{$ref: "#/components/parameters/session"}]
    get: {summary: The report., responses: {"200": {$ref: "#/components/responses/html"}, "404": {$ref: "#/components/responses/error"}}}
  /api/v1/sessions/{session}/report.json:
    parameters: [{$ref: "#/components/parameters/session"}]
    get:
      summary: The report's numbers (ref/report.schema.json).
      responses: {"200": {$ref: "#/components/responses/object"}, "404": {$ref: "#/components/responses/error"}}
  /api/v1/sessions/{session}/samples.csv:
    parameters: [{$ref: "#/components/parameters/session"}]
    get: {summary: ref/csv.md., responses: {"200": {$ref: "#/components/responses/csv"}, "404": {$ref: "#/components/responses/error"}}}
  /api/v1/sessions/{session}/stages.csv:
    parameters: [{$ref: "#/components/parameters/session"}]
    get: {summary: ref/tables.md., responses: {"200": {$ref: "#/components/responses/csv"}, "404": {$ref: "#/components/responses/error"}}}
  /api/v1/sessions/{session}/breaths.csv:
    parameters: [{$ref: "#/components/parameters/session"}]
    get: {summary: ref/tables.md., responses: {"200": {$ref: "#/components/responses/csv"}, "404": {$ref: "#/components/responses/error"}}}
components:
  parameters:
    session: {name: session, in: path, required: true, schema: {type: string}}
  schemas:
    Session:
      type: object
      required: [session, state, began, decoded, measured, rejected, reasons, has_report, may_edit]
      properties:
        session: {type: string}
        state: {type: string, description: "`measuring`, `waiting_for_data`, `waiting_for_index`, `waiting`, `restarting`, `cannot_store`, `cannot_read`, `cannot_start`, `complete` or `failed`."}
        began: {type: string, description: When the session was made; ISO 8601.}
        decoded: {type: integer}
        measured: {type: integer}
        rejected: {type: integer}
        reasons: {type: object, additionalProperties: {type: integer}, description: Rejected frames by reason.}
        has_report: {type: boolean}
        may_edit: {type: boolean, description: Whether this page may edit its stages now.}
        error: {type: string, description: Of a failed session.}
  responses:
    object: {description: Done., content: {application/json: {schema: {type: object}}}}
    html: {description: A page., content: {text/html: {schema: {type: string}}}}
    text: {description: Text., content: {text/plain: {schema: {type: string}}}}
    yaml: {description: YAML., content: {application/yaml: {schema: {type: string}}}}
    csv: {description: A table., content: {text/csv: {schema: {type: string}}}}
    jpeg: {description: A picture., content: {image/jpeg: {schema: {type: string, format: binary}}}}
    error:
      description: Refused, with the reason.
      content:
        application/json: {schema: {type: object, required: [error], properties: {error: {type: string}}}}

"""##
}

// Why each thing happens: the rule in words, the line of the W3C sample, and the line of
// the source. A Go test holds each line of the source against the file that it names.
// https://www.w3.org/TR/webrtc/#perfect-negotiation-example

const core = "negotiation/negotiation.go";
const loop = "negotiation/loop.go";

/**
 * @typedef {object} Rule
 * @property {string} rule
 * @property {string} [sample] the line of the W3C sample
 * @property {[string, string]} source file and line
 */

/** By kind, or by kind and code. @type {Object<string, Rule>} */
export const rules = {
  "negotiation-needed": {
    rule: "A change needs an offer, and the connection is stable → offer",
    sample: "pc.onnegotiationneeded = async () => {",
    source: [core, "if n.pc.SignalingState() != webrtc.SignalingStateStable {"],
  },
  "renegotiate": {
    rule: "A request for an offer stays pending until an offer made after it is answered",
    source: [core, "if !n.requested || !n.begun || n.pc.SignalingState() != webrtc.SignalingStateStable {"],
  },
  "restart": {
    rule: "The following offers restart ICE, until one is answered",
    source: [core, "n.pc.RestartICE()"],
  },
  "offer-sending": {
    rule: "stable, and an offer is needed or requested → set it and send it; a polite peer sends it and sets it when its answer comes",
    sample: "await pc.setLocalDescription();",
    source: [core, "n.offered = n.tell(trace.Event{Kind: trace.OfferSending, Message: n.pending.ID, Cause: cause, SDP: n.pending.Description.SDP})"],
  },
  "offer-received": {
    rule: "In stable an offer is answered at once. In any other state it collides with ours, and the roles decide",
    sample: "const offerCollision = description.type == \"offer\" && !readyForOffer;",
    source: [core, "collision := n.pc.SignalingState() != webrtc.SignalingStateStable"],
  },
  "collision-rollback": {
    rule: "collision, and polite → take the own offer back, apply the other one",
    sample: "await pc.setRemoteDescription(description); // SRD rolls back as needed",
    source: [core, "if collision && n.pc.SignalingState() != webrtc.SignalingStateHaveLocalOffer {"],
  },
  "collision-ignored": {
    rule: "collision, and not polite → ignore the other offer",
    sample: "ignoreOffer = !polite && offerCollision;",
    source: [core, "if collision && !n.polite {"],
  },
  "answer-creating": {
    rule: "An offer was applied → make its answer",
    sample: "if (description.type == \"offer\") {",
    source: [core, "answer, err := n.pc.SetLocalDescription()"],
  },
  "answer-sending": {
    rule: "The answer is set and sent in the step that took the offer: nobody ever waits in have-remote-offer",
    sample: "signaling.send({description: pc.localDescription});",
    source: [core, "n.tell(trace.Event{Kind: trace.AnswerSending, Message: m.ID, Cause: received, SDP: answer.SDP})"],
  },
  "answer-received": {
    rule: "have-local-offer → apply the answer; both are stable then",
    sample: "isSettingRemoteAnswerPending = description.type == \"answer\";",
    source: [core, "n.tell(trace.Event{Kind: trace.AnswerReceived, Message: n.about, Cause: n.offered, SDP: answer.SDP})"],
  },
  "answer-dropped": {
    rule: "An answer in any state but have-local-offer answers nothing → drop it",
    source: [core, "n.tell(trace.Event{Kind: trace.AnswerDropped, Message: n.about, Code: trace.NoOffer})"],
  },
  "description-refused": {
    rule: "The connection does not take it → everything stays as it was",
    sample: "console.error(err);",
    source: [loop, "s.report(trace.DescriptionRefused, trace.NotTaken, err)"],
  },
  "candidate-ignored": {
    rule: "A candidate of an offer that was ignored, or of no description that is applied → drop it",
    sample: "if (!ignoreOffer) throw err; // Suppress ignored offer's candidates",
    source: [core, "case n.ignoring, errors.Is(err, ErrUnknownUfrag), candidate == nil:"],
  },
  "candidate-refused": {
    rule: "The connection does not take the candidate → go on without it",
    sample: "await pc.addIceCandidate(candidate);",
    source: [core, "n.tell(trace.Event{Kind: trace.CandidateRefused, Message: n.about, Code: refusal(err), Err: err, Detail: inWords(err)})"],
  },
  "offer-failed": {
    rule: "An offer that could not be made, or whose answer was refused → try again, later each time",
    source: [loop, "case errors.Is(err, ErrOffer) && s.retries < maxRetries:"],
  },
  "failed": {
    rule: "The connection cannot come back to stable, or messages cannot be sent → the pairing ends",
    source: [loop, "s.failure = fmt.Errorf(\"%w: %w\", ErrWedged, err)"],
  },
  "state-changed": {
    rule: "The signaling state is told whenever it has changed",
    source: [loop, "s.n.tell(trace.Event{Kind: trace.StateChanged, Cause: s.n.told, Detail: state.String()})"],
  },
  "starting-over": {
    rule: "A connection that cannot go on → a new one, with a new session",
    source: ["negotiation/peer/remote.go", "e := trace.Event{Kind: trace.StartingOver, Code: why, Err: err}"],
  },
};

/** The rule of an event, if there is one. @param {import("./event.js").TraceEvent} e @returns {?Rule} */
export const ruleOf = (e) => rules[`${e.kind}/${e.why}`] ?? (Object.hasOwn(rules, e.kind) ? rules[e.kind] : null);

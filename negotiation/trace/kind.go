package trace

// Kind is the kind of an event.
type Kind string

// The kinds that a Negotiator and a Session report.
const (
	NegotiationNeeded  Kind = "negotiation-needed"
	Renegotiate        Kind = "renegotiate"
	Restart            Kind = "restart"
	OfferSending       Kind = "offer-sending"
	OfferReceived      Kind = "offer-received"
	CollisionRollback  Kind = "collision-rollback"
	CollisionIgnored   Kind = "collision-ignored"
	AnswerCreating     Kind = "answer-creating"
	AnswerSending      Kind = "answer-sending"
	AnswerReceived     Kind = "answer-received"
	AnswerDropped      Kind = "answer-dropped"
	DescriptionRefused Kind = "description-refused"
	CandidateAdded     Kind = "candidate-added"
	CandidateIgnored   Kind = "candidate-ignored"
	CandidateRefused   Kind = "candidate-refused"
	StateChanged       Kind = "state-changed"
	OfferFailed        Kind = "offer-failed"
	AnswerOverdue      Kind = "answer-overdue"   // with WithAnswerDeadline
	ChangeFailed       Kind = "change-failed"    // a change of Session.Post failed
	SendFailed         Kind = "send-failed"      // natively: a track cannot be sent
	SectionRejected    Kind = "section-rejected" // natively: we rejected a remote section
	RestartIgnored     Kind = "restart-ignored"  // the other side did not restart ICE
	Failed             Kind = "failed"
)

// The kinds that a Peer reports in addition.
const (
	Starting         Kind = "starting"  // the first event
	ShutDown         Kind = "shut-down" // the last event
	RelayConnected   Kind = "relay-connected"
	RelayLost        Kind = "relay-lost"
	RelayRefused     Kind = "relay-refused"
	RelayReplaced    Kind = "relay-replaced"
	RelayWarning     Kind = "relay-warning"
	RoomJoined       Kind = "room-joined"
	PeerJoined       Kind = "peer-joined"
	PeerBack         Kind = "peer-back"
	PeerLeft         Kind = "peer-left"
	PeerGone         Kind = "peer-gone"
	PeerAbsent       Kind = "peer-absent"
	PeerNotPaired    Kind = "peer-not-paired"
	Paired           Kind = "paired"
	Unpaired         Kind = "unpaired"
	ProtocolNewer    Kind = "protocol-newer" // once per pairing or connection to the relay
	SourceSame       Kind = "source-same"
	SourceDiffers    Kind = "source-differs"
	ConnectRequested Kind = "connect-requested"
	ConnectWaiting   Kind = "connect-waiting"
	ConnectRepeated  Kind = "connect-repeated"
	NothingYet       Kind = "nothing-yet"
	ChannelCreated   Kind = "channel-created"
	ChannelOpened    Kind = "channel-opened"
	ChannelClosed    Kind = "channel-closed"
	Connected        Kind = "connected"
	ConnectionState  Kind = "connection-state"
	ChatSent         Kind = "chat-sent"
	ChatNotSent      Kind = "chat-not-sent"
	ChatReceived     Kind = "chat-received"
	SendingStarted   Kind = "sending-started"
	SendingStopped   Kind = "sending-stopped"
	SendingFailed    Kind = "sending-failed"
	TrackReceived    Kind = "track-received"
	CollideArmed     Kind = "collide-armed"
	CollideGivenUp   Kind = "collide-given-up"
	Restarting       Kind = "restarting"
	RestartAsked     Kind = "restart-asked"
	RestartLate      Kind = "restart-late"
	RestartsFailed   Kind = "restarts-failed"
	MessageSent      Kind = "message-sent"     // with Config.Verbose
	MessageReceived  Kind = "message-received" // with Config.Verbose
	MessageRefused   Kind = "message-refused"
	MessageDropped   Kind = "message-dropped"
	MessageLost      Kind = "message-lost"
	RefusedThere     Kind = "refused-there"
	SignalingStalled Kind = "signaling-stalled"
	SignalingResumed Kind = "signaling-resumed"
	StartingOver     Kind = "starting-over"
	GivenUp          Kind = "given-up"
	EventsLost       Kind = "events-lost" // with Config.OnRemoteTrace
)

// Level is the severity of an event.
type Level string

// The levels, in rising order.
const (
	LevelDebug   Level = "debug"
	LevelInfo    Level = "info"
	LevelSuccess Level = "success" // something wanted was achieved
	LevelWarn    Level = "warn"
	LevelError   Level = "error"
)

// words are the level and the log text of each kind. A %s in the text stands for the
// event's detail, which otherwise follows the text.
var words = map[Kind]struct {
	level Level
	text  string
}{
	NegotiationNeeded:  {LevelInfo, "Negotiation needed"},
	Renegotiate:        {LevelInfo, "Renegotiation requested"},
	Restart:            {LevelInfo, "ICE restart requested"},
	OfferSending:       {LevelInfo, "Sending Offer"},
	OfferReceived:      {LevelInfo, "Received remote Offer description"},
	CollisionRollback:  {LevelInfo, "Collision detected, rolling back local offer"},
	CollisionIgnored:   {LevelInfo, "Ignoring remote offer due to collision (impolite)"},
	AnswerCreating:     {LevelInfo, "Creating answer"},
	AnswerSending:      {LevelInfo, "Sending Answer"},
	AnswerReceived:     {LevelInfo, "Received remote Answer description"},
	AnswerDropped:      {LevelWarn, "Dropping an answer without an offer"},
	DescriptionRefused: {LevelWarn, "Refused a remote description"},
	CandidateAdded:     {LevelDebug, "Added a remote candidate"},
	CandidateIgnored:   {LevelDebug, "Ignoring a candidate of a description that is not applied"},
	CandidateRefused:   {LevelWarn, "Refused a remote candidate"},
	StateChanged:       {LevelDebug, "Signaling state"},
	OfferFailed:        {LevelWarn, "An offer failed, trying again"},
	AnswerOverdue:      {LevelWarn, "No answer yet"},
	RestartIgnored:     {LevelWarn, "The other side does not restart ICE"},
	ChangeFailed:       {LevelWarn, "A change failed"},
	SendFailed:         {LevelWarn, "Cannot send a track"},
	SectionRejected:    {LevelInfo, "Rejecting a media section"},
	Failed:             {LevelError, "Negotiation cannot go on"},

	Starting:         {LevelInfo, "Starting peer"},
	ShutDown:         {LevelInfo, "Peer shut down"},
	RelayConnected:   {LevelDebug, "Connected to the relay"},
	RelayLost:        {LevelWarn, "No connection to the relay"},
	RelayRefused:     {LevelError, "The relay refuses"},
	RelayReplaced:    {LevelError, "Another tab or process with this identity has taken over"},
	RelayWarning:     {LevelWarn, "The relay says"},
	RoomJoined:       {LevelSuccess, "Joined room '%s'"},
	PeerJoined:       {LevelInfo, "Met peer %s"},
	PeerBack:         {LevelInfo, "The relay has peer %s again"},
	PeerLeft:         {LevelInfo, "The relay lost peer %s"},
	PeerGone:         {LevelInfo, "Peer %s is gone"},
	PeerAbsent:       {LevelDebug, "The relay could not pass a message on"},
	PeerNotPaired:    {LevelWarn, "Not pairing with this peer"},
	Paired:           {LevelInfo, "Paired with peer %s"},
	Unpaired:         {LevelInfo, "Pairing ended"},
	ProtocolNewer:    {LevelInfo, "Note: a newer protocol is spoken by %s"},
	SourceSame:       {LevelInfo, "The other side runs the identical negotiation source %s"},
	SourceDiffers:    {LevelInfo, "Note: the other side runs another version of the negotiation source: %s"},
	ConnectRequested: {LevelInfo, "Connect requested"},
	ConnectWaiting:   {LevelInfo, "Connect is remembered until a peer comes"},
	ConnectRepeated:  {LevelInfo, "Already connecting"},
	NothingYet:       {LevelInfo, "Nothing to renegotiate yet: connect first"},
	ChannelCreated:   {LevelInfo, "Creating data channel '%s'"},
	ChannelOpened:    {LevelSuccess, "Data channel '%s' opened"},
	ChannelClosed:    {LevelInfo, "Data channel '%s' closed"},
	Connected:        {LevelSuccess, "✓ Peer connection connected!"},
	ConnectionState:  {LevelInfo, "Peer connection state: %s"},
	ChatSent:         {LevelInfo, "Sent: %s"},
	ChatNotSent:      {LevelWarn, "Not sent"},
	ChatReceived:     {LevelInfo, "Received: %s"},
	SendingStarted:   {LevelInfo, "Sending %s"},
	SendingStopped:   {LevelInfo, "No longer sending %s"},
	SendingFailed:    {LevelWarn, "Cannot send"},
	TrackReceived:    {LevelInfo, "Receiving %s"},
	CollideArmed:     {LevelInfo, "Collide"},
	CollideGivenUp:   {LevelWarn, "No collision"},
	Restarting:       {LevelInfo, "Restarting ICE"},
	RestartAsked:     {LevelInfo, "Asking the other side to restart ICE"},
	RestartsFailed:   {LevelInfo, "ICE restarts did not help"},
	RestartLate:      {LevelWarn, "An ICE restart came to nothing yet"},
	RefusedThere:     {LevelWarn, "The other side has refused our offer"},
	MessageSent:      {LevelDebug, "Sent"},
	MessageReceived:  {LevelDebug, "Delivered"},
	MessageRefused:   {LevelWarn, "Refused a message of the other side"},
	MessageDropped:   {LevelDebug, "Dropped a message"},
	MessageLost:      {LevelWarn, "Could not send a message to the other side"},
	SignalingStalled: {LevelInfo, "Peer %s has not acknowledged anything for 30 s; still trying"},
	SignalingResumed: {LevelInfo, "Peer %s acknowledges again"},
	StartingOver:     {LevelInfo, "Starting over with a new connection"},
	GivenUp:          {LevelError, "Giving up on this peer"},
	EventsLost:       {LevelWarn, "Events are missing here: %s"},
}

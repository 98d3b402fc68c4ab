package peer

import "perfect-negotiation/negotiation"

// The kinds of event that this package adds to those of package negotiation.
const (
	RelayConnected   negotiation.Kind = "relay-connected"
	RelayLost        negotiation.Kind = "relay-lost"
	RelayRefused     negotiation.Kind = "relay-refused"
	RelayReplaced    negotiation.Kind = "relay-replaced"
	RelayWarning     negotiation.Kind = "relay-warning"
	RoomJoined       negotiation.Kind = "room-joined"
	PeerJoined       negotiation.Kind = "peer-joined"
	PeerBack         negotiation.Kind = "peer-back"
	PeerLeft         negotiation.Kind = "peer-left"
	PeerGone         negotiation.Kind = "peer-gone"
	PeerAbsent       negotiation.Kind = "peer-absent"
	PeerNotPaired    negotiation.Kind = "peer-not-paired"
	Paired           negotiation.Kind = "paired"
	Unpaired         negotiation.Kind = "unpaired"
	ProtocolNewer    negotiation.Kind = "protocol-newer" // once a pairing, or connection to the relay
	SourceSame       negotiation.Kind = "source-same"
	SourceDiffers    negotiation.Kind = "source-differs"
	ConnectWaiting   negotiation.Kind = "connect-waiting"
	ConnectRepeated  negotiation.Kind = "connect-repeated"
	NothingYet       negotiation.Kind = "nothing-yet"
	ChannelCreated   negotiation.Kind = "channel-created"
	ChannelOpened    negotiation.Kind = "channel-opened"
	ChannelClosed    negotiation.Kind = "channel-closed"
	Connected        negotiation.Kind = "connected"
	ConnectionState  negotiation.Kind = "connection-state"
	ChatSent         negotiation.Kind = "chat-sent"
	ChatNotSent      negotiation.Kind = "chat-not-sent"
	ChatReceived     negotiation.Kind = "chat-received"
	SendingStarted   negotiation.Kind = "sending-started"
	SendingStopped   negotiation.Kind = "sending-stopped"
	SendingFailed    negotiation.Kind = "sending-failed"
	TrackReceived    negotiation.Kind = "track-received"
	Restarting       negotiation.Kind = "restarting"
	RestartAsked     negotiation.Kind = "restart-asked"
	RestartsFailed   negotiation.Kind = "restarts-failed"
	MessageSent      negotiation.Kind = "message-sent"     // with Config.Verbose
	MessageReceived  negotiation.Kind = "message-received" // with Config.Verbose
	MessageRefused   negotiation.Kind = "message-refused"
	MessageDropped   negotiation.Kind = "message-dropped"
	MessageLost      negotiation.Kind = "message-lost"
	SignalingStalled negotiation.Kind = "signaling-stalled"
	SignalingResumed negotiation.Kind = "signaling-resumed"
	StartingOver     negotiation.Kind = "starting-over"
	GivenUp          negotiation.Kind = "given-up"
)

func init() {
	negotiation.Describe(map[negotiation.Kind]negotiation.Words{
		RelayConnected:   {Level: negotiation.LevelDebug, Text: "Connected to the relay"},
		RelayLost:        {Level: negotiation.LevelWarn, Text: "No connection to the relay"},
		RelayRefused:     {Level: negotiation.LevelError, Text: "The relay refuses"},
		RelayReplaced:    {Level: negotiation.LevelError, Text: "Another tab or process with this identity has taken over"},
		RelayWarning:     {Level: negotiation.LevelWarn, Text: "The relay says"},
		RoomJoined:       {Level: negotiation.LevelInfo, Text: "Joined room '%s'"},
		PeerJoined:       {Level: negotiation.LevelInfo, Text: "Met peer %s"},
		PeerBack:         {Level: negotiation.LevelInfo, Text: "The relay has peer %s again"},
		PeerLeft:         {Level: negotiation.LevelInfo, Text: "The relay lost peer %s"},
		PeerGone:         {Level: negotiation.LevelInfo, Text: "Peer %s is gone"},
		PeerAbsent:       {Level: negotiation.LevelDebug, Text: "The relay could not pass a message on"},
		PeerNotPaired:    {Level: negotiation.LevelWarn, Text: "Not pairing with this peer"},
		Paired:           {Level: negotiation.LevelInfo, Text: "Paired with peer %s"},
		Unpaired:         {Level: negotiation.LevelInfo, Text: "Pairing ended"},
		ProtocolNewer:    {Level: negotiation.LevelInfo, Text: "Note: a newer protocol is spoken by %s"},
		SourceSame:       {Level: negotiation.LevelInfo, Text: "The other side runs the identical negotiation source %s"},
		SourceDiffers:    {Level: negotiation.LevelInfo, Text: "Note: the other side runs another version of the negotiation source: %s"},
		ConnectWaiting:   {Level: negotiation.LevelInfo, Text: "Connect is remembered until a peer comes"},
		ConnectRepeated:  {Level: negotiation.LevelInfo, Text: "Already connecting"},
		NothingYet:       {Level: negotiation.LevelInfo, Text: "Nothing to renegotiate yet: connect first"},
		ChannelCreated:   {Level: negotiation.LevelInfo, Text: "Creating data channel '%s'"},
		ChannelOpened:    {Level: negotiation.LevelInfo, Text: "Data channel '%s' opened"},
		ChannelClosed:    {Level: negotiation.LevelInfo, Text: "Data channel '%s' closed"},
		Connected:        {Level: negotiation.LevelInfo, Text: "✓ Peer connection connected!"},
		ConnectionState:  {Level: negotiation.LevelInfo, Text: "Peer connection state: %s"},
		ChatSent:         {Level: negotiation.LevelInfo, Text: "Sent: %s"},
		ChatNotSent:      {Level: negotiation.LevelWarn, Text: "Not sent"},
		ChatReceived:     {Level: negotiation.LevelInfo, Text: "Received: %s"},
		SendingStarted:   {Level: negotiation.LevelInfo, Text: "Sending %s"},
		SendingStopped:   {Level: negotiation.LevelInfo, Text: "No longer sending %s"},
		SendingFailed:    {Level: negotiation.LevelWarn, Text: "Cannot send"},
		TrackReceived:    {Level: negotiation.LevelInfo, Text: "Receiving %s"},
		Restarting:       {Level: negotiation.LevelInfo, Text: "Restarting ICE"},
		RestartAsked:     {Level: negotiation.LevelInfo, Text: "Asking the other side to restart ICE"},
		RestartsFailed:   {Level: negotiation.LevelInfo, Text: "ICE restarts did not help"},
		MessageSent:      {Level: negotiation.LevelDebug, Text: "Sent"},
		MessageReceived:  {Level: negotiation.LevelDebug, Text: "Delivered"},
		MessageRefused:   {Level: negotiation.LevelWarn, Text: "Refused a message of the other side"},
		MessageDropped:   {Level: negotiation.LevelDebug, Text: "Dropped a message"},
		MessageLost:      {Level: negotiation.LevelWarn, Text: "Could not send a message to the other side"},
		SignalingStalled: {Level: negotiation.LevelInfo, Text: "Peer %s has not acknowledged anything for 30 s; still trying"},
		SignalingResumed: {Level: negotiation.LevelInfo, Text: "Peer %s acknowledges again"},
		StartingOver:     {Level: negotiation.LevelInfo, Text: "Starting over with a new connection"},
		GivenUp:          {Level: negotiation.LevelError, Text: "Giving up on this peer"},
	})
}

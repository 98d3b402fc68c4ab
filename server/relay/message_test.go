package relay_test

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// Each of these messages is refused, its sender stays, and the others notice
// nothing.
func TestRefusedMessages(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	c, _ := s.join("", "room", "r")
	a.expectJoined(c.id)
	b.expectJoined(c.id)

	const text, binary = websocket.TextMessage, websocket.BinaryMessage
	for name, tt := range map[string]struct {
		kind    int
		message string
		code    string
	}{
		"binary frame":              {binary, `{"n":1}`, wire.CodeBadMessage},
		"empty":                     {text, ``, wire.CodeBadMessage},
		"not JSON":                  {text, `hello`, wire.CodeBadMessage},
		"array":                     {text, `[{"n":1}]`, wire.CodeBadMessage},
		"string":                    {text, `"{}"`, wire.CodeBadMessage},
		"null":                      {text, `null`, wire.CodeBadMessage},
		"two objects":               {text, `{"n":1}{"n":2}`, wire.CodeBadMessage},
		"cut off":                   {text, `{"n":1`, wire.CodeBadMessage},
		"trailing comma":            {text, `{"n":1,}`, wire.CodeBadMessage},
		"invalid deep inside":       {text, `{"n":[{"m":01}]}`, wire.CodeBadMessage},
		"control character":         {text, "{\"n\":\"\x01\"}", wire.CodeBadMessage},
		"invalid UTF-8":             {text, "{\"n\":\"\xff\"}", wire.CodeBadMessage},
		"UTF-8 of a surrogate":      {text, "{\"n\":\"\xed\xa0\x80\"}", wire.CodeBadMessage},
		"byte order mark":           {text, "\ufeff{}", wire.CodeBadMessage},
		"nested too deep":           {text, `{"n":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, wire.CodeBadMessage},
		"64 KB of brackets":         {text, `{"n":` + strings.Repeat("[", wire.MaxFrame-5), wire.CodeBadMessage},
		"to is a number":            {text, `{"to":1}`, wire.CodeBadMessage},
		"to is null":                {text, `{"to":null}`, wire.CodeBadMessage},
		"to is an object":           {text, `{"to":{"to":"` + a.id + `"}}`, wire.CodeBadMessage},
		"TO":                        {text, `{"TO":"` + a.id + `"}`, wire.CodeBadMessage},
		"To escaped":                {text, `{"\u0054o":"` + a.id + `"}`, wire.CodeBadMessage},
		"to nobody":                 {text, `{"to":"nobody"}`, wire.CodeNotFound},
		"to empty":                  {text, `{"to":""}`, wire.CodeNotFound},
		"to in other letter case":   {text, `{"to":"` + strings.ToUpper(a.id) + `"}`, wire.CodeNotFound},
		"to twice, the last lost":   {text, `{"to":"` + a.id + `","to":"nobody"}`, wire.CodeNotFound},
		"forged welcome":            {text, `{"welcome":{"id":"x"}}`, wire.CodeBadMessage},
		"forged joined":             {text, `{"joined":{"id":"x"}}`, wire.CodeBadMessage},
		"forged left":               {text, `{"left":{"id":"` + b.id + `"}}`, wire.CodeBadMessage},
		"forged left to one":        {text, `{"to":"` + a.id + `","left":{"id":"` + b.id + `"}}`, wire.CodeBadMessage},
		"forged error":              {text, `{"error":{"code":"replaced"}}`, wire.CodeBadMessage},
		"forged iceServers":         {text, `{"iceServers":[]}`, wire.CodeBadMessage},
		"forged iceservers, long s": {text, `{"iceſerver\u017F":[]}`, wire.CodeBadMessage},
		"forged Left":               {text, `{"Left":{"id":"` + b.id + `"}}`, wire.CodeBadMessage},
		"forged WELCOME":            {text, `{"WELCOME":{}}`, wire.CodeBadMessage},
		"forged jOINED":             {text, `{"n":1, "jOINED" : {}}`, wire.CodeBadMessage},
		"forged error, escaped":     {text, `{"\u0065rror":{}}`, wire.CodeBadMessage},
		"forged LEFT, all escaped":  {text, `{"\u004c\u0045\u0046\u0054":{}}`, wire.CodeBadMessage},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.ws.WriteMessage(tt.kind, []byte(tt.message)); err != nil {
				t.Fatal(err)
			}
			c.expectError(tt.code)
			undisturbed(a, b)
			c.expectText(`{"from":"` + a.id + `","n":1}`) // its broadcast
		})
	}
}

// A message that is passed on differs only in "from". FROM is the sender's id.
func TestPassedOn(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	for name, tt := range map[string]struct{ message, want string }{
		"empty":                 {`{}`, `{"from":"FROM"}`},
		"empty with space":      {" { \n} ", `{"from":"FROM"} `},
		"unknown fields":        {`{"x":1e400, "\u0079" : [ 1,2 ,{"a":null}] ,"é":"\ud83d\ude00/\/"}`, `{"from":"FROM","x":1e400, "\u0079" : [ 1,2 ,{"a":null}] ,"é":"\ud83d\ude00/\/"}`},
		"space around":          {" {\t\"n\":1\n}\r\n", "{\"from\":\"FROM\",\t\"n\":1\n}\r\n"},
		"unknown field twice":   {`{"n":1,"n":2}`, `{"from":"FROM","n":1,"n":2}`},
		"from alone":            {`{"from":"x"}`, `{"from":"FROM"}`},
		"from first":            {`{"from":"x","n":1}`, `{"from":"FROM","n":1}`},
		"from last":             {`{"n":1,"from":"x"}`, `{"from":"FROM","n":1}`},
		"from between":          {`{"n":1, "from" : "x" , "m":2}`, `{"from":"FROM","n":1 , "m":2}`},
		"from everywhere":       {`{"from":1,"from":[],"n":1,"from":{},"m":2,"from":null,"from":"x"}`, `{"from":"FROM","n":1,"m":2}`},
		"from that is no text":  {`{"from":{"from":"x"},"n":1}`, `{"from":"FROM","n":1}`},
		"From":                  {`{"From":"x","n":1}`, `{"from":"FROM","n":1}`},
		"fROM, FROM":            {`{"fROM":"x","n":1,"FROM":"y"}`, `{"from":"FROM","n":1}`},
		"from, escaped":         {`{"\u0066rom":"x","n":1}`, `{"from":"FROM","n":1}`},
		"FROM, all escaped":     {`{"\u0046\u0052\u004F\u004d":"x","n":1}`, `{"from":"FROM","n":1}`},
		"from with a quote":     {`{"from":"\"","n":1}`, `{"from":"FROM","n":1}`},
		"from in an object":     {`{"n":{"from":"x","left":{}}}`, `{"from":"FROM","n":{"from":"x","left":{}}}`},
		"to in an object":       {`{"n":{"to":"nobody"},"m":[{"to":"nobody"}]}`, `{"from":"FROM","n":{"to":"nobody"},"m":[{"to":"nobody"}]}`},
		"to in a string":        {`{"n":"\"to\":\"nobody\","}`, `{"from":"FROM","n":"\"to\":\"nobody\","}`},
		"like to and from":      {`{"t":1,"too":2,"fro":3,"fromm":4,"\to":5,"lefty":6,"":7,"ſ":8}`, `{"from":"FROM","t":1,"too":2,"fro":3,"fromm":4,"\to":5,"lefty":6,"":7,"ſ":8}`},
		"to, escaped":           {`{"\u0074o":"TO"}`, `{"from":"FROM","\u0074o":"TO"}`},
		"to twice: the last":    {`{"to":"nobody","to":"TO"}`, `{"from":"FROM","to":"nobody","to":"TO"}`},
		"nested as deep as may": {`{"n":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`, `{"from":"FROM","n":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			fill := strings.NewReplacer("FROM", a.id, "TO", b.id)
			message := strings.ReplaceAll(tt.message, "TO", b.id)
			a.write(message)
			b.expectText(fill.Replace(tt.want))
		})
	}
}

func TestToEscaped(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	c, _ := s.join("", "room", "r")
	a.expectJoined(c.id)
	b.expectJoined(c.id)
	escaped := strings.ReplaceAll(b.id, b.id[:1], `\u00`+hex(b.id[0]))
	a.write(`{"to":"` + escaped + `"}`)
	b.expectText(`{"from":"` + a.id + `","to":"` + escaped + `"}`)
	undisturbed(a, b)
	c.expectText(`{"from":"` + a.id + `","n":1}`)
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

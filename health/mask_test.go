package health

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
	"unicode"
)

func TestASecretIsMaskedHoweverItIsSpelled(t *testing.T) {
	const canary = `p@ss w/"ord"+canary`
	for name, spelled := range map[string]string{
		"as it is":          canary,
		"twice":             canary + canary,
		"base64":            base64.StdEncoding.EncodeToString([]byte(canary)),
		"base64 after 1":    base64.StdEncoding.EncodeToString([]byte("u" + canary + "xyz")),
		"base64 after 2":    base64.StdEncoding.EncodeToString([]byte("u:" + canary + "xy")),
		"base64 for URLs":   base64.URLEncoding.EncodeToString([]byte("usr" + canary)),
		"hex":               hex.EncodeToString([]byte(canary)),
		"a query":           url.QueryEscape(canary),
		"a path":            url.PathEscape(canary),
		"JSON":              `p@ss w/\"ord\"+canary`,
		"colours within":    "p@ss w/\x1b[31m\"ord\"\x1b[0m+canary",
		"the edge of lines": "begin " + canary + " end",
	} {
		t.Run(name, func(t *testing.T) {
			for _, prefix := range []string{"", "login with ", strings.Repeat("x", 195)} {
				got := newMask([]string{canary}).lines([]string{prefix + spelled})[0]
				if strings.Contains(got, "canary") || strings.Contains(got, "w/") || strings.Contains(got, spelled[len(spelled)/3:2*len(spelled)/3]) {
					t.Errorf("shown is %q", got)
				}
				if len(prefix) < 100 && !strings.Contains(got, masked) {
					t.Errorf("shown is %q, want %s in it", got, masked)
				}
			}
		})
	}
}

func TestASecretThatIsBrokenOverLinesIsMasked(t *testing.T) {
	got := newMask([]string{"first-half-second-half"}).lines([]string{"key first-half-", "second-half is wrong"})
	if strings.Join(got, "|") != "key ***|*** is wrong" {
		t.Errorf("shown is %q", got)
	}
}

func TestPartsOfASecretAreMasked(t *testing.T) {
	for secret, printed := range map[string]string{
		"line-one-abc\nline-two-def\n":                            "read line-two-def",
		"DB_PASSWORD=hunter2hunter\nDB_USER=shop":                 "got hunter2hunter",
		`{"auths":{"r.example.com":{"auth":"dXNlcjpjYW5hcnk="}}}`: "auth dXNlcjpjYW5hcnk=",
		"postgres://shop:hunter2@db/shop":                         "login shop/hunter2",
	} {
		if got := newMask([]string{secret}).lines([]string{printed})[0]; !strings.HasSuffix(got, masked) {
			t.Errorf("of secret %q %q is shown", secret, got)
		}
	}
}

func TestWhatLooksLikeASecretIsMasked(t *testing.T) {
	for printed, want := range map[string]string{
		"Authorization: Bearer abcdef123456":       "Authorization: Bearer ***",
		"dial postgres://shop:hunter2@db:5432/x":   "dial postgres://shop:***@db:5432/x",
		`{"password":"hunter2","user":"shop"}`:     `{"password":"***","user":"shop"}`,
		"token=abc123 retry":                       "token=*** retry",
		"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2lnbg": "jwt ***",
		"listen tcp :80: bind: permission denied":  "listen tcp :80: bind: permission denied",
	} {
		if got := (mask{}).lines([]string{printed})[0]; got != want {
			t.Errorf("shown is %q, want %q", got, want)
		}
	}
}

func TestALineOfALogIsHarmlessAndBounded(t *testing.T) {
	got := (mask{}).lines([]string{"\x1b[31merror\x1b[0m\a\u202eevil \xff " + strings.Repeat("é", 200)})[0]
	if !strings.HasPrefix(got, "error??evil ? é") || len(got) > logWidth || !strings.HasSuffix(got, "...") {
		t.Errorf("shown is %q", got)
	}
}

// FuzzMask wants no secret to survive in a line, and nothing in it that a terminal obeys.
func FuzzMask(f *testing.F) {
	f.Add("hunter2", "password is ", " now")
	f.Add("a\nb\x1b[31m", "\x1b", "\r\n")
	f.Add("\xff\xfe", "", "é")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		const canary = "Q7canaryQ7"
		secret += canary
		lines := newMask([]string{secret}).lines(strings.Split(before+secret+after+base64.StdEncoding.EncodeToString([]byte(secret)), "\n"))
		for _, line := range lines {
			if len(line) > logWidth || strings.ContainsFunc(line, unicode.IsControl) || strings.Contains(line, canary) {
				t.Errorf("shown is %q", line)
			}
		}
	})
}

package redact_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/redact"
)

const canary = "c4naryS3cr3t"

// logged returns what a JSON log has of an entry.
func logged(message string, fields ...zap.Field) string {
	var out bytes.Buffer
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	log := zap.New(redact.New(zapcore.NewCore(encoder, zapcore.AddSync(&out), zapcore.DebugLevel)))
	log.With(fields...).Info(message)
	log.Info(message, fields...)
	return out.String()
}

// forms are the ways in which a secret gets into a text.
var forms = []string{
	"https://ada:%s@git.example.com/shop.git", "https://%s@git.example.com/", "ssh://git:%s@[::1]:22/x", "https://ada:with/%s@git.example.com",
	"Authorization: Bearer %s", "authorization: Basic %s", `"Authorization":["token %s"]`, "Proxy-Authorization: Digest a=%s",
	"sent Bearer %s to", "password=%s", "PASSWORD: two words %s", `{\"password\":\"a \\\" %s\"}`, "api_key: %s", "clientSecret: %s", "client_secret=%s&b=c",
	"GET /x?a=b&access_token=%s", "https://example.com/?sig=%s", "ghp_%s", "glpat-%s", "eyJhbGciOi.eyJzdWIi.%s", "xoxb-%s",
	"https://hooks.slack.com/services/T0/B0/%s", "https://discord.com/api/webhooks/1/%s",
	"kind: Secret\ndata:\n  key: %s", `{"data":{"key":"%s"},"kind":"Secret"}`, `{\"kind\":\"Secret\",\"stringData\":{\"k\":\"%s\"}}`,
	`kubectl.kubernetes.io/last-applied-configuration: {"spec":"%s"}`, "&Secret{ObjectMeta:{},Data:map[k: %s]}",
	"-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n%s",
}

type named struct{ text string }

func (n named) String() string { return n.text }

type holder struct {
	Note  string            `json:"note"`
	Inner map[string]string `json:"inner"`
}

type marshaler struct{ text string }

func (m marshaler) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddString("note", m.text)
	return to.AddArray("list", zapcore.ArrayMarshalerFunc(func(to zapcore.ArrayEncoder) error {
		to.AppendString(m.text)
		return nil
	}))
}

// carriers are the fields that may carry a text.
func carriers(text string) []zap.Field {
	wrapped := fmt.Errorf("fetch: %w", errors.New(text))
	return []zap.Field{
		zap.String("a", text), zap.Stringp("b", &text), zap.Strings("c", []string{text}), zap.ByteString("d", []byte(text)),
		zap.ByteStrings("e", [][]byte{[]byte(text)}), zap.Binary("f", []byte(text)), zap.Error(wrapped), zap.NamedError("g", wrapped),
		zap.Errors("h", []error{wrapped, errors.Join(wrapped, wrapped)}), zap.Stringer("i", named{text}), zap.Any("j", named{text}),
		zap.Any("k", holder{text, map[string]string{"x": text}}), zap.Any("l", map[string]any{text: []any{text, map[string]any{"y": text}}}),
		zap.Object("m", marshaler{text}), zap.Inline(marshaler{text}), zap.Dict("n", zap.String("o", text)),
		zap.Any("p", &url.Error{Op: "Get", URL: text, Err: wrapped}), zap.Stringers("q", []named{{text}}), zap.String(text, "key"),
		zap.Reflect("r", []holder{{Note: text}}), zap.Namespace("space"), zap.String("s", text),
	}
}

func TestACanarySurvivesInNoFormAndNoField(t *testing.T) {
	for _, form := range forms {
		text := fmt.Sprintf("fetch: "+strings.ReplaceAll(form, "%s", "%[1]s")+" failed", canary)
		for _, field := range carriers(text) {
			if got := logged("nothing", field); strings.Contains(got, canary) {
				t.Errorf("%q in a field of type %d: %s", form, field.Type, got)
			}
		}
		if got := logged(text); strings.Contains(got, canary) {
			t.Errorf("%q in the message: %s", form, got)
		}
	}
}

func TestTheDataOfAnObjectIsNotShown(t *testing.T) {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "login", Annotations: map[string]string{corev1.LastAppliedConfigAnnotation: canary}},
		Data:       map[string][]byte{"key": []byte(canary)}, StringData: map[string]string{"key": canary},
	}
	live := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "login"}, "data": map[string]any{"key": canary},
	}}
	for _, field := range []zap.Field{
		zap.Any("object", secret), zap.Reflect("object", secret), zap.Reflect("list", []*corev1.Secret{secret}), zap.Any("live", live),
		zap.Any("object", live.Object), zap.Any("deep", map[string]any{"items": []any{live.Object}}),
	} {
		got := logged("object", field)
		if strings.Contains(got, canary) || strings.Contains(got, "YzRuYXJ5UzNjcjN0") {
			t.Errorf("type %d: %s", field.Type, got)
		}
	}
}

func TestAFieldThatIsCalledASecretIsHidden(t *testing.T) {
	for _, key := range []string{"password", "accessToken", "Authorization", "api_key", "privateKey", "credentials", "cookie", "secret"} {
		for _, field := range []zap.Field{zap.String(key, canary), zap.Any(key, map[string]any{"a": canary}), zap.Strings(key, []string{canary})} {
			if got := logged("nothing", field); strings.Contains(got, canary) {
				t.Errorf("%s: %s", key, got)
			}
		}
	}
	if got := logged("nothing", zap.Int64("token", 815_4711)); strings.Contains(got, "8154711") {
		t.Error(got)
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	got := logged("web @3f2a1c9 manifests/web.yaml:7: secret \"login\" not found; kept 2 objects at 1b2c3d4",
		zap.String("url", "https://git.example.com/team/shop.git"), zap.Stringer("revision", named{"main@sha1:3f2a1c9"}),
		zap.Int("lowest", 2), zap.Duration("took", time.Second), zap.Bool("drift", true), zap.Strings("fields", []string{"spec.replicas"}),
		zap.Error(errors.New("dial tcp 10.0.0.1:443: connection refused")))
	for _, want := range []string{
		`manifests/web.yaml:7: secret \"login\" not found; kept 2 objects at 1b2c3d4`, `"url":"https://git.example.com/team/shop.git"`,
		`"revision":"main@sha1:3f2a1c9"`, `"lowest":2`, `"took":1`, `"drift":true`, `"fields":["spec.replicas"]`,
		`"error":"dial tcp 10.0.0.1:443: connection refused"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func TestAFieldIsCut(t *testing.T) {
	for _, size := range []int{redact.Longest + 1, 300_000, 2 << 20} {
		for _, field := range []zap.Field{zap.String("a", strings.Repeat("ä", size/2)), zap.ByteString("a", bytes.Repeat([]byte("x"), size))} {
			if got := logged("nothing", field); len(got) > 3*redact.Longest {
				t.Errorf("%d bytes of %d", len(got), size)
			}
		}
	}
}

func FuzzACanaryNeverSurvives(f *testing.F) {
	for i := range forms {
		f.Add("fetch: ", uint(i), " failed")
	}
	f.Add("://a:", uint(1), "@b")
	f.Add("\"", uint(9), "'\n")
	f.Fuzz(func(t *testing.T, before string, form uint, after string) {
		if strings.Contains(before+after, canary) {
			return
		}
		text := before + fmt.Sprintf(forms[form%uint(len(forms))], canary) + after
		if got := redact.Text(text); strings.Contains(got, canary) {
			t.Errorf("%q became %q", text, got)
		}
	})
}

package redact_test

import (
	"bytes"
	"encoding/base64"
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
	"ssh://ada:%s@git.example.com/x", "oci://ada:%s@ghcr.io/x@sha256:3f2a", "http_proxy=http://ada:%s@proxy:3128", "//ada:%s@git.example.com/x",
	"repo=https%%3A%%2F%%2Fada%%3A%s%%40git.example.com%%2Fx", `https:\/\/ada:%s@git.example.com`, `parse "https://ada:p w%s@h": invalid userinfo`,
	"ada:%s@git.example.com:shop.git", "https://ada:a@b/%s@git.example.com",
	"?private_token=%s", "?a=b&X-Amz-Signature=%s", "&X-Amz-Credential=%s", "&X-Goog-Signature=%s", "?client_assertion=%s", "#access_token=%s", "token%%3D%s",
	"Authorization:[Basic %s]", "Proxy-Authorization: %s", "X-Vault-Token: %s", "Set-Cookie: %s", "X-Hub-Signature: %s",
	"SecretAccessKey: %s", "aws_secret_access_key=%s", "AccountKey=%s;EndpointSuffix", "SharedAccessSignature=%s", "connectionString: x;%s",
	`{"auths":{"ghcr.io":{"auth":"%s"}}}`, ".dockerconfigjson: %s", "tls.key: %s", "PuTTY-User-Key-File-3: ssh-ed25519\n%s", "AGE-SECRET-KEY-1%s",
	"gho_%s", "ghs_%s", "github_pat_%s", "gldt-%s", "glrt-%s", "glcbt-%s", "gloas-%s", "AKIA%s", "ASIA%s", "xapp-1-%s", "xoxe.xoxp-1-%s", "npm_%s", "pypi-%s",
	"uses sk-%[1]s%[1]s", "uses sk_live_%[1]s%[1]s", "hvs.%s", "dckr_pat_%s", "ATBB%s", "ATATT3x%s", "AIza%[1]s%[1]s%[1]s", "ya29.%s", "SG.%[1]s.%[1]s", "dop_v1_%s",
	"https://x.webhook.office.com/webhookb2/%s", "https://api.telegram.org/bot12:%s/sendMessage", "https://chat.example.com/hooks/%[1]s%[1]s",
	"--password %s", "--token %s", "PASSWORD='%s'", `password "%s"`, "PGPASS=%s", "secretKey=%s", "signing_key: %s",
	`Secret "login" is invalid: data[key]: Invalid value: "%s"`, `secret/login: stringData.key: Invalid value: "%s"`,
	"kind: !!str Secret\n%s", "stringData:\n  key: %s", `{"stringData":{"key":"%s"}}`, "stringData:map[key:%s]", "map[data:map[key:%s] kind:Secret]",
	"/v1, Kind=Secret: .data.key: %s", "password: not found %s is not it", "open /etc/token: permission denied; token: %s",
	"configured (containers[web].env[DB_PASSWORD].value old → %s)", "(containers[web].env[API_TOKEN].value %s → new; drift)",
	"(data.password set to %s)", "(metadata.annotations.example.com/api-key removed (was %s))",
	"-----BEGIN PGP PRIVATE KEY BLOCK-----\n%s", "-----BEGIN ENCRYPTED PRIVATE KEY-----\\n%s",
	"-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n%s",
}

type bytesOfOnes []byte

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
		zap.Any("p", &url.Error{Op: "Get", URL: text, Err: wrapped}), zap.Stringers("q", []named{{text}}), zap.String(text, "key"), zap.Int(text, 1),
		zap.Reflect("r", []holder{{Note: text}}), zap.Namespace("space"), zap.String("s", text), zap.Namespace(text),
		zap.Any("t", map[string][]byte{"key": []byte(text)}), zap.Any("u", [][]byte{[]byte(text)}), zap.Any("v", bytesOfOnes([]byte(text))),
	}
}

func TestACanarySurvivesInNoFormAndNoField(t *testing.T) {
	for _, form := range forms {
		text := fmt.Sprintf("fetch: "+strings.ReplaceAll(form, "%s", "%[1]s")+" failed", canary)
		for _, field := range carriers(text) {
			got := logged("nothing", field)
			if strings.Contains(got, canary) || strings.Contains(got, "YzRuYXJ5UzNjcjN0") || strings.Contains(got, base64.StdEncoding.EncodeToString([]byte(text))) {
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

// TestTheNameOfALoggerAndOfANamespaceIsFilteredToo hides also what is within a namespace that is called a secret.
func TestTheNameOfALoggerAndOfANamespaceIsFilteredToo(t *testing.T) {
	var out bytes.Buffer
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	log := zap.New(redact.New(zapcore.NewCore(encoder, zapcore.AddSync(&out), zapcore.DebugLevel)))
	log.Named("https://ada:" + canary + "@git.example.com").Info("nothing")
	log.Info("nothing", zap.Namespace("credentials"), zap.String("a", canary), zap.Any("b", []string{canary}))
	log.With(zap.Namespace("password")).With(zap.String("a", canary)).Info("nothing", zap.Inline(marshaler{canary}))
	if got := out.String(); strings.Contains(got, canary) || strings.Count(got, "\n") != 3 {
		t.Error(got)
	}
}

// TestWhatPeopleNeedAtNightStays lists texts that look like secrets and are none.
func TestWhatPeopleNeedAtNightStays(t *testing.T) {
	for _, text := range []string{
		"open /etc/lockstep/credentials/shop/token: no such file or directory", "open /etc/x/password: permission denied",
		"read /etc/lockstep/sync-token: is a directory", "stat /x/secret: not a directory",
		"nginx:1.27@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "pulling http://registry:5000/web@sha256:3f2a: 404",
		"main@sha1:3f2a1c9 of https://git.example.com:8443/team/shop.git", "git@github.com:team/shop.git", "ssh://git@github.com/team/shop.git: host key mismatch",
		"basic authentication is refused", "Bearer token is missing", `no matches for kind "Secret" in version "v1"`, "create secret: forbidden",
		`secrets "login" is forbidden: User "system:serviceaccount:a:b" cannot get resource "secrets"`, `secret: secrets "login" not found`,
		"/v1, Kind=Secret, Namespace=shop, Name=login: field is immutable", "spec.template.spec.volumes[0].secret: Required value",
		`spec.secretName: Invalid value: "x"`, "invalid character '<' looking for beginning of value", "POST /hooks/bitbucket-server: 401",
		"https://web:80/ asked for ada@example.com", "bypass: 3 of 4", "task-0123456789012345678901234567890", "secret/login configured: data.key differs",
		"deployment.apps/web configured (replicas 1 → 3)", "ingress.networking.k8s.io/web configured (tls[0].secretName old → new)",
		"deployment.apps/web configured (containers[web].env[TOKEN].valueFrom.secretKeyRef.name old → new)",
	} {
		if got := redact.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := redact.Text("GET https://example.com/?token=" + canary + ": 404 Not Found"); got != "GET https://example.com/?token=*** 404 Not Found" {
		t.Error(got)
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
		text := before + fmt.Sprintf(strings.ReplaceAll(forms[form%uint(len(forms))], "%s", "%[1]s"), canary) + after
		if got := redact.Text(text); strings.Contains(got, canary) {
			t.Errorf("%q became %q", text, got)
		}
	})
}

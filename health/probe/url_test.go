package probe_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/health/probe"
)

func TestAServiceIsNamedAsAPodWouldNameIt(t *testing.T) {
	for text, want := range map[string]probe.URL{
		"http://web":                     {Scheme: "http", Service: "web", Port: "80", Path: "/"},
		"https://web":                    {Scheme: "https", Service: "web", Port: "443", Path: "/"},
		"http://web:8080/":               {Scheme: "http", Service: "web", Port: "8080", Path: "/"},
		"http://web:metrics/healthz?a=b": {Scheme: "http", Service: "web", Port: "metrics", Path: "/healthz?a=b"},
		"http://web?a=b":                 {Scheme: "http", Service: "web", Port: "80", Path: "/?a=b"},
		"http://web.shop/":               {Scheme: "http", Service: "web", Namespace: "shop", Port: "80", Path: "/"},
		"http://web.shop.svc/":           {Scheme: "http", Service: "web", Namespace: "shop", Port: "80", Path: "/"},
		"https://web.shop.svc.cluster.local:443/a%20b/c": {Scheme: "https", Service: "web", Namespace: "shop", Port: "443", Path: "/a%20b/c"},
	} {
		if got, err := probe.Parse(text); err != nil || got != want {
			t.Errorf("%s is %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestWhatNamesNoServiceIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "want http:// or https://",
		"web-service":              "want http:// or https://",
		"ftp://web/":               "want http:// or https://",
		"HTTP://web/":              "want http:// or https://",
		"http://":                  "want the name of a Service",
		"http:///":                 "want the name of a Service",
		"http://169.254.169.254/":  "not an address",
		"http://[::1]/":            "want the number or the name of a port",
		"http://127.0.0.1:80/":     "not an address",
		"http://example.com.evil/": "SERVICE.NAMESPACE.svc",
		"http://web.shop.pod/":     "SERVICE.NAMESPACE.svc",
		"http://Web/":              "want the name of a Service",
		"http://web_1/":            "want the name of a Service",
		"http://web:0/":            "between 1 and 65535",
		"http://web:080/":          "between 1 and 65535",
		"http://web:65536/":        "between 1 and 65535",
		"http://web:/":             "the number or the name of a port",
		"http://user:hunter2@web/": "a user or a password",
		"http://user@web/":         "a user or a password",
		"http://web/#top":          "a fragment",
		"http://web/a/../../b":     "may not go up",
		"http://web/%2e%2e/b":      "may not go up",
		"http://web/\r\nX: y":      "the path is none",
		"http://web/" + strings.Repeat("a", 1024): "longer than",
	} {
		_, err := probe.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the password is told: %v", err)
		}
	}
}

func TestTheQueryIsNotTold(t *testing.T) {
	u, err := probe.Parse("http://web:8080/health?token=hunter2")
	if err != nil || u.String() != "http://web:8080/health" || u.In("shop").Host() != "web.shop.svc" {
		t.Errorf("%s, %s, %v", u, u.In("shop").Host(), err)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"http://web:80/", "https://web.shop.svc.cluster.local", "http://a@b", "http://web/%zz"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := probe.Parse(text)
		if err != nil || len(text) > 900 { // what is added to the host below has to fit
			return
		}
		again, err := probe.Parse(u.Scheme + "://" + u.In("x").Host() + ":" + u.Port + u.Path)
		if err != nil || again.Service != u.Service || again.Port != u.Port || again.Path != u.Path {
			t.Errorf("%q is %+v, and that is %+v, %v", text, u, again, err)
		}
	})
}

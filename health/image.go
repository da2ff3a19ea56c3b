package health

import (
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Words of registries and container runtimes about an image. What may pass is looked for first: a registry that cannot be
// reached has not said that it does not have the image.
var (
	imageMayCome = regexp.MustCompile(`(?i)time(d )?[- ]?out|deadline exceeded|no such host|server misbehaving|temporar|connection (refused|reset)|` +
		`connection is (unavailable|shut)|no route to host|network is unreachable|\bEOF\b|i/o|too ?many ?requests|rate limit|` +
		`status( code)?:? (429|5\d\d)|internal server error|bad gateway|service unavailable|no space left|cancell?ed|x509|certificate|tls:|dial tcp`)
	imageWillNot = regexp.MustCompile(`(?i)not ?found|manifest ?unknown|name ?unknown|repository does not exist|denied|unauthorized|` +
		`authentication required|forbidden|status( code)?:? 40[134]|invalid reference|invalid image name|couldn't parse image|no match for platform`)
)

// imageSymptom says that an image cannot be pulled, in the registry's words where the kubelet has passed them on. It is
// certain when the registry has said no, and the kubelet has asked more than once.
func (v *view) imageSymptom(p *corev1.Pod, c corev1.ContainerStatus) *finding {
	w := c.State.Waiting
	failed := v.listen(p.UID, aboutContainer(c.Name, eventFailed, eventInspectFailed))
	pulls := v.listen(p.UID, func(e *corev1.Event) bool {
		return aboutContainer(c.Name, eventFailed)(e) && strings.HasPrefix(e.Message, "Failed to pull image")
	})
	message := oneLine(w.Message)
	if pulls.times > 0 && (message == "" || strings.HasPrefix(message, "Back-off") && !strings.Contains(message, ": ")) {
		message = pulls.message
	}
	again := w.Reason == "ImagePullBackOff" || pulls.times >= 2 || failed.times >= 4 // each failure is told twice
	answer := withoutImage(message, p, c.Name)
	refused := imageWillNot.MatchString(answer) && !imageMayCome.MatchString(answer)
	return v.unnamed(p, &finding{
		reason: ImagePull, message: said(c, w.Reason, message), certain: w.Reason == "InvalidImageName" || refused && again,
	})
}

// pullSecrets finds the names in the kubelet's words about Secrets that it does not have.
var pullSecrets = regexp.MustCompile(`image pull secrets \(([^)]*)\)`)

// unnamed adds to what is said of an image that the registry was asked by nobody: a Secret of imagePullSecrets is not there. Who
// brings it has as long as for any other.
func (v *view) unnamed(p *corev1.Pod, f *finding) *finding {
	lacks := v.listen(p.UID, saying(eventNoPullSecret))
	names := pullSecrets.FindStringSubmatch(lacks.message)
	if names == nil {
		return f
	}
	words, _, _ := strings.Cut(lacks.message, "; ")
	f.message += "; " + words
	f.advice = "Add the Secret that imagePullSecrets names, or correct its name: without it the registry does not know who asks."
	for name := range strings.SplitSeq(names[1], ", ") {
		f.certain = f.certain && v.missingForGood(`secret "`+name+`"`, lacks)
	}
	return f
}

// withoutImage leaves out of message what the image is called: a name may have any words in it.
func withoutImage(message string, p *corev1.Pod, container string) string {
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
		if c.Name == container && c.Image != "" {
			repository, _, _ := strings.Cut(c.Image, ":")
			message = strings.ReplaceAll(strings.ReplaceAll(message, c.Image, ""), repository, "")
		}
	}
	return message
}

{{- /* Refuses what can't work, with all that is wrong at once. */ -}}
{{- define "workload.check" -}}
{{- with include "workload.complaints" . | trim }}
{{- fail . }}
{{- end -}}
{{- end -}}

{{- /* What a schema can't compare, a complaint in each line. */ -}}
{{- define "workload.complaints" -}}
{{- $values := .Values.workload -}}
{{- with $values.shutdown -}}
{{- if ge (int .delay) (int .gracePeriod) }}
{{ printf "workload.shutdown: delay (%v s) must be less than gracePeriod (%v s): the pod would be killed before it is told to stop" .delay .gracePeriod }}
{{- end -}}
{{- end -}}
{{- with $values.autoscaling -}}
{{- if .enabled -}}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{ printf "workload.autoscaling: minReplicas (%v) must not be greater than maxReplicas (%v)" .minReplicas .maxReplicas }}
{{- end -}}
{{- if not (or .targetCPU .targetMemory .metrics) }}
workload.autoscaling: set targetCPU, targetMemory or metrics: nothing says when there are too few pods
{{- end -}}
{{- end -}}
{{- end -}}
{{- include "workload.checkResources" (dict "at" "workload.resources" "resources" $values.resources) -}}
{{- range $kind := list "jobs" "cronJobs" -}}
{{- range $name, $job := index $values $kind -}}
{{- include "workload.checkResources" (dict "at" (printf "workload.%s.%s.resources" $kind $name) "resources" ($job.resources | default dict)) -}}
{{- if not (or $job.command $job.args) }}
{{ printf "workload.%s.%s: set command or args: it would run the service once more" $kind $name }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $values.persistence -}}
{{- if and .enabled (not (has "ReadWriteMany" .accessModes)) (not (has "ReadOnlyMany" .accessModes)) -}}
{{- if or $values.autoscaling.enabled (gt (int $values.replicas) 1) }}
{{ printf "workload.persistence: a volume of %s is for one pod: set replicas to 1 and autoscaling.enabled to false, or accessModes to [ReadWriteMany]" (join ", " .accessModes) }}
{{- end -}}
{{- if $values.rollout.strategy }}
{{ printf "workload.persistence: a rollout runs old and new pods at once, and a volume of %s is for one pod" (join ", " .accessModes) }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $values.rollout.strategy $values.strategy }}
workload.strategy is for a Deployment: with workload.rollout.strategy there is none
{{- end -}}
{{- if and (eq $values.rollout.strategy "blueGreen") (not $values.service.enabled) }}
workload.rollout: blueGreen switches a service: set workload.service.enabled
{{- end -}}
{{- $ports := dict "http" (int $values.port) -}}
{{- range $values.ports -}}
{{- if hasKey $ports .name }}
{{ printf "workload.ports: the name %s is there twice" .name }}
{{- end -}}
{{- $_ := set $ports .name (int .port) -}}
{{- end -}}
{{- range $name, $_ := $values.sealedSecrets -}}
{{- if hasKey $values.externalSecrets $name }}
{{ printf "workload: %s is in sealedSecrets and in externalSecrets; both would write the same secret" $name }}
{{- end -}}
{{- end -}}
{{- range $name, $job := $values.jobs -}}
{{- if hasKey $values.cronJobs $name }}
{{ printf "workload: %s is in jobs and in cronJobs; use two names" $name }}
{{- end -}}
{{- end -}}
{{- range $name, $secret := $values.externalSecrets -}}
{{- if not (or $secret.data $secret.dataFrom) }}
{{ printf "workload.externalSecrets.%s: set data or dataFrom" $name }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "workload.checkResources" -}}
{{- $limits := .resources.limits | default dict -}}
{{- range $name, $requested := .resources.requests | default dict -}}
{{- if hasKey $limits $name -}}
{{- $limit := index $limits $name -}}
{{- if gt (include "workload.number" $requested | float64) (include "workload.number" $limit | float64) }}
{{ printf "%s: the limit of %s (%v) is below what is requested (%v)" $.at $name $limit $requested }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* A quantity as a number: 100m is 0.1, 1Ki is 1024. */ -}}
{{- define "workload.number" -}}
{{- $text := toString . -}}
{{- $found := regexFind "([KMGTPE]i|[numkMGTPE])$" $text -}}
{{- $unit := get (dict "n" 1e-9 "u" 1e-6 "m" 1e-3 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "Ei" 1152921504606846976.0) $found | default 1.0 -}}
{{- printf "%f" (mulf (trimSuffix $found $text | float64) $unit) -}}
{{- end -}}

// The image that every fleet starts from. `pipeline base build` gives the variables; by hand:
//   packer build -var source_image=ami-0123456789abcdef0 packer/
// Debian's packer 1.6.6 has this builder and provisioner built in; newer ones need once:
//   packer plugins install github.com/hashicorp/amazon && packer plugins install github.com/hashicorp/ansible

variable "name" {
  type        = string
  description = "Name of the image; the newest golden-base-* is what new fleets start from."
  default     = ""
}

variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "endpoint" {
  type        = string
  description = "EC2 at another address than AWS's, e.g. a local cloud; empty for AWS."
  default     = ""
}

variable "source_image" {
  type        = string
  description = "Id of the image to build on: Debian or Ubuntu with Python 3."
}

variable "created_by" {
  type    = string
  default = ""
}

variable "project_commit" {
  type    = string
  default = ""
}

variable "instance_type" {
  type    = string
  default = "t3.small"
}

variable "subnet_id" {
  type        = string
  description = "Empty: the default network."
  default     = ""
}

variable "ssh_user" {
  type    = string
  default = "admin"
}

variable "ssh_port" {
  type    = number
  default = 22
}

variable "ssh_interface" {
  type        = string
  description = "Address that is connected to: private_ip, or public_ip from outside the network."
  default     = "private_ip"
}

variable "playbook" {
  type    = string
  default = "ansible/base.yml"
}

variable "ansible_config" {
  type    = string
  default = "ansible/ansible.cfg"
}

variable "become" {
  type        = bool
  description = "Whether the play becomes root by sudo."
  default     = true
}

locals {
  name = var.name != "" ? var.name : "golden-base-${formatdate("YYYYMMDD-hhmmss", timestamp())}"
  tags = {
    Name                             = local.name
    "golden-pipeline:base"           = "true"
    "golden-pipeline:base-source"    = var.source_image
    "golden-pipeline:created-by"     = var.created_by != "" ? var.created_by : "packer"
    "golden-pipeline:project-commit" = var.project_commit != "" ? var.project_commit : "unknown"
  }
}

source "amazon-ebs" "base" {
  region                  = var.region
  custom_endpoint_ec2     = var.endpoint
  skip_region_validation  = var.endpoint != ""
  skip_metadata_api_check = var.endpoint != ""

  source_ami      = var.source_image
  instance_type   = var.instance_type
  subnet_id       = var.subnet_id
  ami_name        = local.name
  ami_description = "Base image of the fleets, on ${var.source_image}"
  tags            = local.tags
  snapshot_tags   = local.tags
  run_tags        = { Name = "building ${local.name}", "golden-pipeline:role" = "base-builder" }

  ssh_username  = var.ssh_user
  ssh_port      = var.ssh_port
  ssh_interface = var.ssh_interface
  ssh_timeout   = "5m"
}

build {
  sources = ["source.amazon-ebs.base"]

  provisioner "ansible" {
    playbook_file = var.playbook
    user          = var.ssh_user
    // Packer's own proxy only knows a kind of key that today's ssh refuses.
    use_proxy = false
    extra_arguments = [
      "--extra-vars", "base_name=${local.name} base_source=${var.source_image} base_become=${var.become}",
    ]
    // The builder's host keys were made a minute ago and live a few more; Packer knows none to compare with.
    ansible_env_vars = ["ANSIBLE_CONFIG=${var.ansible_config}", "ANSIBLE_HOST_KEY_CHECKING=False", "ANSIBLE_NOCOLOR=1"]
  }
}
